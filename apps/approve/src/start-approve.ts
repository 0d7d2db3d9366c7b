/** `approve` as a service of its own: two of it share partitions, and wake-ups go to one of them. */
import { openService, runService, type RunningService, type ServiceRequest } from '@countersign/service';
import { ApproveModule } from './approve.module.js';

const name = 'approve';

/** @throws what `openService` throws. */
export async function startApprove(request: Omit<ServiceRequest, 'name' | 'needs'>): Promise<RunningService> {
  const opened = await openService({ ...request, name, needs: ['snapshots', 'approvals'] });
  return runService(opened, { name, imports: [ApproveModule.forRoot(opened.wakes && { wakes: opened.wakes })] });
}
