export { approvalStates, type Approval, type ApprovalState, type ArgumentOrigin, type Vote } from './approval.js';
export { ApprovalStore } from './approval-store.js';
