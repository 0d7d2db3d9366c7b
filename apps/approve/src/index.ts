export { ApproveModule } from './approve.module.js';
export { startApprove } from './start-approve.js';
