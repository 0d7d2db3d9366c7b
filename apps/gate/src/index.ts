export { startGate, type Gate, type GateOptions, type GatePolicy, type TapFacts } from './gate.js';
export { GateHost, GateModule, type GateConfig } from './gate.module.js';
export { enrolmentRules, openEnrolments, type Enrolled, type EnrolmentRule, type Enrolments } from './enrolments.js';
export { GateTaken } from './private-socket.js';
export { startGateService } from './start-gate-service.js';
export type { TlsDoor } from './tls-door.js';
