export { createAttestation, type AttestationOptions } from './detector.js';
export { payloadType, refusalSentences, signStatement, verifyEnvelope, type AttestationRefusal, type VerifiedEnvelope, type VerifyExpectations } from './envelope.js';
export { makeStatement, promptDigest, stateHash, statementLifeMsMax, type AgentState, type Freshness, type Statement } from './statement.js';
export type { AttestationMemory } from './memory.js';
