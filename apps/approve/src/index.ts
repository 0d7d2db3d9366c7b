export { ApproveModule } from './approve.module.js';
