export { createProvenance, provenanceVersion } from './create-provenance.js';
export type { Memory as ProvenanceMemory } from './memory.js';
export { callScore, type CallScoreArtefact } from './call-score.artefact.js';
