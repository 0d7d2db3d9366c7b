/**
 * `console` as a service of its own: people's door on one listener, health and metrics on another.
 * CS1. The grant key is read here and nowhere else in the distributed profile: this process alone signs.
 * CS2. Whoever owns the data folder gets login links from the operator's socket; no link is printed to a log.
 */
import { tmpdir } from 'node:os';
import { ApprovalDesk } from '@countersign/approval';
import { namedQueries, type HistoryStore } from '@countersign/history';
import type { Clock, Telemetry } from '@countersign/pipeline';
import { signGrant } from '@countersign/policy';
import { loadKey, openOperatorSocket, openService, operatorSocketPath, runService, type OpenService, type RunningService, type ServiceRequest } from '@countersign/service';
import { startConsole, type RunningConsole } from './start-console.js';

const name = 'console';
const tapsEachMs = 5_000;

export interface RunningConsoleService extends RunningService {
  /** People's door. */
  readonly consoleUrl: string;
  loginLink(): string;
}

/** @throws what `openService` throws, and a sentence when the grant key is missing: keys are carried here, never made here. */
export async function startConsoleService(request: Omit<ServiceRequest, 'name' | 'needs'>): Promise<RunningConsoleService> {
  const opened = await openService({ ...request, name, needs: ['approvals', 'migrated-history'] });
  const undo: (() => Promise<void>)[] = [];
  try {
    const health = await runService(opened, { name, imports: [] });
    undo.push(() => health.stop());
    health.health.report(name, 'starting');
    const people = await openDoor(opened, undo);
    health.health.report(name, 'running');
    return { ...health, consoleUrl: people.url, loginLink: () => people.loginLink(), stop: () => unwound(undo) };
  } catch (error) {
    await unwound(undo);
    await opened.close();
    throw error;
  }
}

async function openDoor(opened: OpenService, undo: (() => Promise<void>)[]): Promise<RunningConsole> {
  const { config, ports, policy, sink, keysDir, dataDir } = opened;
  const { approvalStore: store, historyStore: history, eventLog, clock } = ports;
  if (store === undefined || history === undefined) throw new Error('the console was opened without its stores.');
  const grant = loadKey(keysDir, 'grant');
  const current = () => policy.current();
  const desk = new ApprovalDesk({ store, eventLog, clock, policy: current, signGrant: (body) => signGrant(grant.privateKeyPem, body) });
  const taps = watchTaps({ history, domain: config.domain, clock, telemetry: sink.telemetry });
  undo.push(async () => taps.stop());
  const { host, port, scheme, hosts } = config.console;
  const people = await startConsole({
    listen: { host, port }, scheme, hosts, domain: config.domain, history, desk, eventLog, clock, policy: current,
    policyText: () => policy.text(), tapsConnected: () => taps.count(), telemetry: sink.telemetry,
  });
  undo.push(() => people.stop());
  const release = policy.onChange(() => people.refresh());
  undo.push(async () => void release());
  const socket = await openOperatorSocket(operatorSocketPath(dataDir, { platform: process.platform, tmpDir: tmpdir() }), () => people.loginLink());
  undo.push(() => socket.stop());
  return people;
}

interface TapsParts {
  readonly history: HistoryStore;
  readonly domain: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Taps are at gates, which are other processes: their open epochs stand in history. One that was killed counts until it starts again. */
function watchTaps({ history, domain, clock, telemetry }: TapsParts): { count(): number; stop(): void } {
  let known = 0;
  let cancel = (): void => undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    try {
      const [row] = await history.query(namedQueries.completenessTotal.sql, { domain });
      known = Number(row?.['open_epochs'] ?? 0);
    } catch (error) {
      telemetry({ event: 'TapsUnknown', level: 'debug', message: `How many taps are open could not be read; the last number stands: ${error instanceof Error ? error.message : String(error)}` });
    }
    if (!isStopped) cancel = clock.after(tapsEachMs, () => void look());
  };
  void look();
  return {
    count: () => known,
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
}

async function unwound(undo: (() => Promise<void>)[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step();
}
