/** `judge` as a service of its own: two of it share partitions. */
import { openService, runService, type RunningService, type ServiceRequest } from '@countersign/service';
import { JudgeModule } from './judge.module.js';

const name = 'judge';

/** @throws what `openService` throws. */
export async function startJudge(request: Omit<ServiceRequest, 'name' | 'needs'>): Promise<RunningService> {
  const opened = await openService({ ...request, name, needs: ['snapshots'] });
  return runService(opened, { name, imports: [JudgeModule.forRoot({ policy: () => opened.policy.current() })] });
}
