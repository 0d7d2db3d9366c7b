/** Puts the core together for this machine. */
import { randomFillSync } from 'node:crypto';
import type { Clock } from '@countersign/pipeline';
import { approvalsPage } from './console-address.js';
import { createTapCore } from './core.js';
import { gateSocketOf, dataDirOf, type Machine } from './data-dir.js';
import { HandedTask } from './handed-task.js';
import type { TapCore } from './passage.js';
import { processFacts } from './process-facts.js';
import type { Settings } from './settings.js';
import { openTapHome } from './tap-home.js';

export const version = '0.1.0';

export interface Started {
  readonly core: TapCore;
  /** Names the conversation of a stdio process. */
  readonly session: string;
}

export interface StartOptions {
  readonly settings: Settings;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

/** Opens the tap's home, its epoch and its way to the gate. `close` of the core also closes the home. @throws a sentence. */
export function startCore({ settings, machine, clock, log }: StartOptions): Started {
  const { server, agent, role } = settings;
  // What the client speaks: the observations, and the taps that may share a slot, are of that.
  const transport = settings.transport.kind === 'http' ? 'http' : 'stdio';
  const dataDir = dataDirOf(settings.dataDir, machine);
  const home = openTapHome({ dataDir, server, agent, role, transport, log });
  const core = createTapCore({
    ...home, server, clock, log, version, agent: { name: agent, role }, transport, env: machine.env,
    socketPath: gateSocketOf(dataDir, machine),
    handedTask: new HandedTask({ dataDir, agent, parentPid: process.ppid, wallMs: () => clock.wallMs(), lookMsMin: 100 }),
    approvalsPage: () => approvalsPage(dataDir, machine.env['COUNTERSIGN_CONSOLE_URL']),
    random: Math.random,
    later: (work) => void setImmediate(work),
    makeCallId: callIds(),
    process: processFacts(settings.configOrigin),
  });
  const close = async (drainMs: number): Promise<void> => {
    await core.close(drainMs);
    home.close();
  };
  return { core: { agent: core.agent, openStream: (info) => core.openStream(info), close }, session: `${home.tapId}/${home.epoch}` };
}

/** 128 random bits, hex. Drawn in stock: one draw of the system's randomness costs as much for 4 KB as for 16 bytes. */
function callIds(): () => string {
  const stock = Buffer.alloc(4096);
  let used = stock.length;
  return () => {
    if (used === stock.length) {
      randomFillSync(stock);
      used = 0;
    }
    used += 16;
    return stock.toString('hex', used - 16, used);
  };
}
