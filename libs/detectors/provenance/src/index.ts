export { createProvenance, provenanceVersion } from './create-provenance.js';
export type { Memory as ProvenanceMemory } from './memory.js';
export { callScore, type CallScoreArtefact, type LaneModel, type LanePair } from './call-score.artefact.js';
export { callScoreSeal } from './call-score.signature.js';
