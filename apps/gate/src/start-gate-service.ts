/** `gate` as a service of its own. Every gate sees all verdicts and serves the taps that are connected to it. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { enrolSocketPath, loadGrantPublicKey, loadKey, openService, runService, type Config, type RunningService, type ServiceRequest } from '@countersign/service';
import { openEnrolments } from './enrolments.js';
import { GateModule } from './gate.module.js';
import type { TlsDoor } from './tls-door.js';

const name = 'gate';

/** @throws what `openService` throws, `GateTaken`, and a sentence when a key is missing: keys are carried here, never made here. */
export async function startGateService(request: Omit<ServiceRequest, 'name' | 'needs'>): Promise<RunningService> {
  const opened = await openService({ ...request, name, needs: [] });
  try {
    const { config, policy, paths, keysDir, gateSocket, dataDir } = opened;
    const seal = loadKey(keysDir, 'seal');
    const { tls, enrolment } = config.gate;
    return await runService(opened, {
      name,
      imports: [GateModule.forRoot({
        socketPath: gateSocket, domain: config.domain, policy, sealKeyPem: seal.privateKeyPem, sealPublicKey: seal.publicKey,
        grantPublicKey: loadGrantPublicKey(keysDir), enrolments: openEnrolments(paths.enrolledFile, { rule: enrolment }),
        enrolSocketPath: enrolSocketPath(dataDir, { platform: process.platform, tmpDir: tmpdir() }), ...(tls && { tls: doorOf(tls) }),
      })],
    });
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function doorOf({ host, port, certFile, keyFile }: NonNullable<Config['gate']['tls']>): TlsDoor {
  return { host, port, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
