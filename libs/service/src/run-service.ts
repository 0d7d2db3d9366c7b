/**
 * One service of the distributed profile as a process: settings → ports → policy → application → listener.
 * RS1. It starts whole or not at all (DP1); what had been opened is closed again.
 * RS2. Stopping finishes what is in hand: modules first, then the ports they wrote to.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ModuleMetadata } from '@nestjs/common';
import { ConfigRefused } from './config/read-config.js';
import type { Config } from './config/shape.js';
import { createService, type ServiceOptions } from './create-service.js';
import { dataDirOf, dataPaths, gateSocketPath, type DataPaths, type Environment } from './data-dir.js';
import { openDistributedPorts, type DistributedPorts, type Need } from './distributed-ports.js';
import type { Health } from './health.js';
import { PolicySource } from './policy-source.js';
import { ensurePrivateDir } from './private-files.js';
import { createTelemetry, type TelemetrySink } from './telemetry.js';

/** The release. */
export const version = '0.1.0';

export interface ServiceRequest {
  readonly config: Config;
  /** Decides the place of state where the settings name none. */
  readonly env: Environment;
  /** `detect`, `judge`, …: in the log, in records' envelopes, in sentences. */
  readonly name: string;
  readonly needs: readonly Need[];
}

/** Everything a service stands on, open; its modules are made from it. */
export interface OpenService extends DistributedPorts {
  readonly config: Config;
  readonly sink: TelemetrySink;
  readonly policy: PolicySource;
  readonly dataDir: string;
  readonly paths: DataPaths;
  /** Where keys are, if this service has any. */
  readonly keysDir: string;
  /** Where taps of this machine connect. */
  readonly gateSocket: string;
}

export interface RunningService {
  /** Where `/healthz`, `/readyz` and `/metrics` answer. */
  readonly url: string;
  readonly health: Health;
  /** Rejects when a part ended by a defect; the process is meant to end then. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** @throws PolicyRefused, ConfigRefused, StartRefused: sentences for whoever starts it; nothing stays open then. */
export async function openService({ config, env, name, needs }: ServiceRequest): Promise<OpenService> {
  const dataDir = resolve(config.dataDir ?? dataDirOf(env, process.platform));
  ensurePrivateDir(dataDir);
  const paths = dataPaths(dataDir, process.platform);
  const sink = createTelemetry({ name, version, level: config.logLevel, ...(config.logFile === undefined ? {} : { stream: config.logFile }) });
  if (config.policyFile !== undefined && !existsSync(config.policyFile)) throw new ConfigRefused([`policyFile: there is no file ${config.policyFile}.`]);
  const policy = PolicySource.open(config.policyFile ?? paths.policyFile, sink.telemetry);
  const opened = await openDistributedPorts({ config, app: name, needs, sink });
  policy.watch();
  return {
    ...opened, config, sink, policy, dataDir, paths, keysDir: config.keys.dir ?? paths.keysDir,
    gateSocket: config.gate.socket ?? gateSocketPath(dataDir, { platform: process.platform, tmpDir: tmpdir() }),
    close: async () => {
      policy.stop();
      await opened.close();
    },
  };
}

export interface Parts extends Pick<ServiceOptions, 'providers'> {
  readonly name: string;
  readonly imports: NonNullable<ModuleMetadata['imports']>;
}

/** Runs an opened service and owns it from here on: it is closed when the service stops, and when it cannot start. */
export async function runService(opened: OpenService, { name, imports, providers }: Parts): Promise<RunningService> {
  const { config, ports, sink } = opened;
  try {
    const service = await createService({ name, version, ports, imports, ...(providers && { providers }), host: config.health.host, port: config.health.port });
    return {
      url: service.url,
      health: service.health,
      failed: service.health.failed,
      stop: async () => {
        await service.stop();
        await opened.close();
        sink.telemetry({ event: 'ServiceStopped', level: 'info', message: `${name} stopped in order.` });
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
