/** `detect` as a service of its own: two of it share the partitions of observations and decisions. */
import { openService, runService, type RunningService, type ServiceRequest } from '@countersign/service';
import { DetectModule } from './detect.module.js';
import { installedObserver } from './installed-observer.js';
import { standInProbe } from './stand-in-probe.js';

/** @throws what `openService` throws. */
export async function startDetect(request: Omit<ServiceRequest, 'name' | 'needs'>): Promise<RunningService> {
  const { detectors, name } = request.config.detect;
  const probe = await standInProbe();
  const opened = await openService({ ...request, name, needs: ['snapshots'] });
  return runService(opened, { name, imports: [DetectModule.forRoot({ policy: () => opened.policy.current(), detectors, probe, name, observer: await installedObserver(opened.dataDir) })] });
}
