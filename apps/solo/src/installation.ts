/** What every process on one data folder shares: keys, policy, ports, log. Opened once, closed in the reverse order. */
import { tmpdir } from 'node:os';
import {
  createTelemetry, dataPaths, enrolSocketPath, ensurePrivateDir, gateSocketPath, loadOrCreateKeys, openEmbeddedPorts, PolicySource,
  type DataPaths, type EmbeddedPorts, type InstallationKeys, type TelemetrySink,
} from '@countersign/service';

export const version = '0.1.0';
/** One machine is one domain unless configured otherwise. */
export const defaultDomain = 'local';

export interface InstallationOptions {
  /** Absolute. */
  readonly dataDir: string;
  readonly policyFile?: string;
  /** The component's name in the log. */
  readonly name: string;
  /** Default: `countersign.log` in the data folder. */
  readonly logFile?: string;
}

export interface Installation {
  readonly paths: DataPaths;
  readonly keys: InstallationKeys;
  readonly policy: PolicySource;
  readonly sink: TelemetrySink;
  readonly embedded: EmbeddedPorts;
  readonly socketPath: string;
  /** Where whoever runs the gate gets enrolment tokens. */
  readonly enrolSocketPath: string;
  close(): Promise<void>;
}

/** @throws PolicyRefused, or a sentence naming the file that cannot be opened; nothing stays open then. */
export async function openInstallation({ dataDir, policyFile, name, logFile }: InstallationOptions): Promise<Installation> {
  ensurePrivateDir(dataDir);
  const paths = dataPaths(dataDir, process.platform);
  const sink = createTelemetry({ name, version, level: 'info', stream: logFile ?? paths.logFile });
  const keys = loadOrCreateKeys(dataDir);
  const policy = PolicySource.open(policyFile ?? paths.policyFile, sink.telemetry);
  const embedded = await openEmbeddedPorts(dataDir, sink);
  policy.watch();
  const place = { platform: process.platform, tmpDir: tmpdir() };
  return {
    paths, keys, policy, sink, embedded,
    socketPath: gateSocketPath(dataDir, place),
    enrolSocketPath: enrolSocketPath(dataDir, place),
    close: async () => {
      policy.stop();
      await embedded.close();
    },
  };
}
