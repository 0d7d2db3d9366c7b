export { ModelRuntime, type LoadedModel } from './model-runtime.js';
export { createProbe, type ProbeOptions } from './detector.js';
export { qualityGate, readCard, type ProbeArtefact, type ProbeCard } from './artefact.js';
export { readActivation, writeActivation, type Activation, type ActivationOrigin } from './activation.js';
export { standInArtefact, standInModel } from './stand-in.js';
export type { ProbeMemory } from './memory.js';
