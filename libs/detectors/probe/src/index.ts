export { ModelRuntime, type LoadedModel } from './model-runtime.js';
export { createProbe, type ProbeOptions } from './detector.js';
export { qualityGate, readCard, type ProbeArtefact, type ProbeCard } from './artefact.js';
export { readActivation, type Activation } from './activation.js';
export type { ProbeMemory } from './memory.js';
