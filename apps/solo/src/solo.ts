/**
 * Countersign in one process on the embedded adapters: gate, detect, judge, approve, record and console.
 * SO1. Gate and console are separate listeners with separate credentials; nothing here hands one the other's.
 * SO2. What survives a kill is on disk before it is acknowledged: ledger, approvals, keys, enrolments. Memory is rebuilt from snapshots and the ledger.
 * SO3. Stopping takes what is in hand to its end: gate first, processors next, ports last.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClickHouseOptions } from '@countersign/adapters/history-store/clickhouse';
import { ApprovalDesk } from '@countersign/approval';
import { startConsole, type RunningConsole } from '@countersign/console';
import { GateHost, type EnrolmentRule } from '@countersign/gate';
import type { EventLog } from '@countersign/pipeline';
import { signGrant } from '@countersign/policy';
import { RecordModule } from '@countersign/record';
import { createService, openOperatorSocket, operatorSocketPath, replacePrivateFile, type PolicySource, type Service } from '@countersign/service';
import { openHistory, type OpenHistory } from './history.js';
import { defaultDomain, openInstallation, version, type Installation } from './installation.js';
import { moduleOf, stages } from './stage-modules.js';

/** One insert a second and topic: more make the engine work harder than the judging beside it, and nobody reads history faster. */
const historyFlushMs = 1_000;

export interface SoloOptions {
  /** Absolute; made if missing. */
  readonly dataDir: string;
  readonly policyFile?: string;
  /** 0 takes a free one. Default: a free one. */
  readonly consolePort?: number;
  readonly logFile?: string;
  /** Default: `first-use`. */
  readonly enrolment?: EnrolmentRule;
  /** A ClickHouse server for history, instead of the embedded engine. */
  readonly clickHouse?: ClickHouseOptions;
}

export interface Solo {
  readonly dataDir: string;
  readonly domain: string;
  readonly consoleUrl: string;
  readonly eventLog: EventLog;
  readonly policy: PolicySource;
  /** A new one-time login link. */
  loginLink(): string;
  /** Rejects when a part ended by a defect. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** @throws PolicyRefused, GateTaken, or a sentence; what had started is stopped again. */
export async function startSolo(options: SoloOptions): Promise<Solo> {
  const { dataDir, policyFile, logFile } = options;
  const installation = await openInstallation({ dataDir, name: 'solo', ...(policyFile && { policyFile }), ...(logFile && { logFile }) });
  const undo: (() => Promise<void>)[] = [() => installation.close()];
  let unwinding: Promise<void> | undefined;
  const unwindOnce = async () => {
    for (const step of undo.reverse()) await step();
  };
  const unwind = () => (unwinding ??= unwindOnce());
  try {
    const history = await openHistory(installation, options.clickHouse);
    undo.push(() => history.close());
    const service = await startService(installation, history, options.enrolment);
    undo.push(() => service.stop());
    const people = await openConsole({ installation, history, service, port: options.consolePort ?? 0 });
    undo.push(() => people.stop());
    undo.push(await leaveWord(dataDir, people, history));
    const { eventLog } = installation.embedded.ports;
    const { policy } = installation;
    return { dataDir, domain: defaultDomain, consoleUrl: people.url, eventLog, policy, loginLink: () => people.loginLink(), failed: service.health.failed, stop: unwind };
  } catch (error) {
    await unwind();
    throw error;
  }
}

async function startService(installation: Installation, { store }: OpenHistory, enrolment?: EnrolmentRule): Promise<Service> {
  const modules = await Promise.all(stages.map((stage) => moduleOf(stage, installation, enrolment)));
  return createService({ name: 'solo', version, ports: { ...installation.embedded.ports, historyStore: store }, imports: [RecordModule.forRoot({ flushMs: historyFlushMs }), ...modules] });
}

interface ConsoleParts {
  readonly installation: Installation;
  readonly history: OpenHistory;
  readonly service: Service;
  readonly port: number;
}

async function openConsole({ installation, history, service, port }: ConsoleParts): Promise<RunningConsole> {
  const { embedded, policy, keys, sink } = installation;
  const { approvalStore: store, eventLog, clock } = embedded.ports;
  const current = () => policy.current();
  const desk = new ApprovalDesk({ store, eventLog, clock, policy: current, signGrant: (body) => signGrant(keys.grant.privateKeyPem, body) });
  const running = await startConsole({
    listen: { port }, domain: defaultDomain, history: history.store, desk, eventLog, clock, policy: current,
    policyText: () => policy.text(), tapsConnected: () => service.app.get(GateHost).connections().length, telemetry: sink.telemetry,
  });
  const release = policy.onChange(() => running.refresh());
  return { ...running, stop: () => Promise.resolve(release()).then(() => running.stop()) };
}

/** Leaves word for the other commands in the data folder, and takes it back at the end. */
async function leaveWord(dataDir: string, people: RunningConsole, history: OpenHistory): Promise<() => Promise<void>> {
  const operatorSocket = operatorSocketPath(dataDir, { platform: process.platform, tmpDir: tmpdir() });
  const socket = await openOperatorSocket(operatorSocket, () => people.loginLink());
  const file = join(dataDir, 'solo.json');
  replacePrivateFile(file, JSON.stringify({ pid: process.pid, consoleUrl: people.url, operatorSocket, history: history.options }));
  return async () => {
    rmSync(file, { force: true });
    await socket.stop();
  };
}
