/** The stages of the path as NestJS modules over one installation; `solo` takes all, a stage alone takes its own. */
import { dirname } from 'node:path';
import { ApproveModule } from '@countersign/approve';
import { detectorNames } from '@countersign/contracts';
import { DetectModule, installedObserver, standInProbe } from '@countersign/detect';
import { GateModule, openEnrolments, type EnrolmentRule } from '@countersign/gate';
import { JudgeModule } from '@countersign/judge';
import type { DynamicModule } from '@nestjs/common';
import { defaultDomain, type Installation } from './installation.js';

export const stages = ['gate', 'detect', 'judge', 'approve'] as const;
export type Stage = (typeof stages)[number];

/** @param enrolment how the gate takes taps it does not know. */
export async function moduleOf(stage: Stage, installation: Installation, enrolment: EnrolmentRule = 'first-use'): Promise<DynamicModule> {
  const { policy, keys, paths, socketPath, enrolSocketPath } = installation;
  switch (stage) {
    case 'gate':
      return GateModule.forRoot({
        socketPath, domain: defaultDomain, policy, sealKeyPem: keys.seal.privateKeyPem, sealPublicKey: keys.seal.publicKey,
        grantPublicKey: keys.grant.publicKey, enrolments: openEnrolments(paths.enrolledFile, { rule: enrolment }), enrolSocketPath,
      });
    case 'detect':
      return DetectModule.forRoot({ policy: () => policy.current(), detectors: detectorNames, probe: await standInProbe(), observer: await installedObserver(dirname(paths.snapshotsFile)) });
    case 'judge':
      return JudgeModule.forRoot({ policy: () => policy.current() });
    case 'approve':
      return ApproveModule.forRoot();
  }
}
