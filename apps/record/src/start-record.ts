/** `record` as a service of its own: two of it share partitions; batches are cut by offsets, so whoever repeats one repeats its token. */
import { openService, runService, type RunningService, type ServiceRequest } from '@countersign/service';
import { RecordModule } from './record.module.js';

const name = 'record';

/** @throws what `openService` throws. */
export async function startRecord(request: Omit<ServiceRequest, 'name' | 'needs'>): Promise<RunningService> {
  const opened = await openService({ ...request, name, needs: ['history'] });
  return runService(opened, { name, imports: [RecordModule.forRoot()] });
}
