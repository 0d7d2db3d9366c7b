export { approvalStates, type Approval, type ApprovalState, type ArgumentOrigin, type Vote } from './approval.js';
export { ApprovalStore } from './approval-store.js';
export { createApprove, type ApproveOptions } from './approve.js';
export { displayDigestOf, renderCard, type Card, type CardArgument, type CardFacts } from './card.js';
export { ApprovalDesk, type DecisionDraft, type DeskOptions, type VoteAnswer, type VoteRequest } from './desk.js';
export { decide, refusals, type ApprovalEvent, type LifeStep, type PolicyFacts, type Refusal } from './life.js';
export { applied, approvalIdOf, decisionIdOf, decisionRecord, grantBodyOf, openedBy, voteRecord } from './records.js';
export { hasMixedScripts, visibleText, type VisibleText } from './visible-text.js';
