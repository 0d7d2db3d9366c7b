export { topics, type Topic } from './topics.js';
export {
  agentSchema, findingId, impacts, impactSchema, observationId, tiers, tierSchema, verdictId,
  type Agent, type Impact, type ObservationPosition, type Tier,
} from './ids.js';
export {
  clientMetadataSchema, messageFlags, messageSchema, messageShapes, observationKinds, observationSchema, observedCallSchema, payloadBytesMax,
  type ClientMetadata, type Observation, type ObservedCall, type ObservedMessage,
} from './observation.js';
export { detectorNames, evidenceSchema, findingSchema, severities, type Evidence, type Finding, type Severity } from './finding.js';
export {
  askSchema, fusedScoreSchema, reasonSchema, redactionSchema, verdictKinds, verdictSchema,
  type Ask, type FusedScore, type Reason, type Redaction, type Verdict, type VerdictKind,
} from './verdict.js';
export { decisionKinds, decisionSchema, type Decision } from './decision.js';
export { deadLetterSchema, type DeadLetter } from './dead-letter.js';
export { nothing, type Detection, type Detector, type DetectorName, type FindingDraft } from './detector.js';
export { gateFrameBytesMax, gateFrameSchema, tapFrameSchema, type GateFrame, type TapFrame } from './gate-frame.js';
export { recordSchemas, type RecordOf } from './record.js';
