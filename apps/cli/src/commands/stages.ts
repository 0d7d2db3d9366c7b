/**
 * `countersign gate|detect|judge|approve|record|console`: one service alone. With settings it stands on Kafka, Redis and ClickHouse;
 * without, one stage runs on an embedded data folder.
 */
import type { Command } from 'commander';
import type { Config, RunningService } from '@countersign/service';
import { resolveDataDir } from '../data-dir.js';
import { serviceConfig } from '../service-config.js';
import { untilStopped } from '../until-stopped.js';
import { UserError } from '../user-error.js';

const embeddedStages = ['gate', 'detect', 'judge', 'approve'] as const;
const services = [...embeddedStages, 'record', 'console'] as const;
type ServiceName = (typeof services)[number];

interface StageFlags {
  readonly config?: string;
  readonly data?: string;
  readonly policy?: string;
}

export function registerStages(program: Command): void {
  for (const name of services) {
    program
      .command(name)
      .description(`run only ${name}`)
      .option('--config <file>', 'settings (YAML) of the distributed profile; COUNTERSIGN_* variables win over it')
      .option('--data <dir>', 'where state lives')
      .option('--policy <file>', 'policy file (default: <data>/policy.yaml)')
      .action((flags: StageFlags) => run(name, flags));
  }
}

async function run(name: ServiceName, flags: StageFlags): Promise<void> {
  const settings = await serviceConfig(flags.config);
  const hasSettings = flags.config !== undefined || settings.kafka !== undefined || process.env['COUNTERSIGN_PROFILE'] === 'distributed';
  if (!hasSettings || settings.profile === 'embedded') return runEmbedded(name, flags, settings.gate.enrolment);
  const config: Config = { ...settings, ...(flags.data && { dataDir: flags.data }), ...(flags.policy && { policyFile: flags.policy }) };
  const running = await started(name, config);
  process.stderr.write(`countersign ${name} runs; health at ${running.url}/readyz\n`);
  await untilStopped(running);
}

async function runEmbedded(name: ServiceName, flags: StageFlags, enrolment: Config['gate']['enrolment']): Promise<void> {
  const stage = embeddedStages.find((one) => one === name);
  if (stage === undefined) throw new UserError(`${name} alone needs the distributed profile: name its settings with --config. On one machine it is part of \`countersign up\`.`);
  const { startStage } = await import('@countersign/solo');
  const running = await startStage(stage, { dataDir: resolveDataDir(flags.data), enrolment, ...(flags.policy && { policyFile: flags.policy }) });
  process.stderr.write(`countersign ${name} runs; health at ${running.url}/healthz\n`);
  await untilStopped(running);
}

/** @throws UserError for what whoever starts it can mend. */
async function started(name: ServiceName, config: Config): Promise<RunningService> {
  try {
    return await starters[name]({ config, env: process.env });
  } catch (error) {
    const sentence = await sentenceOf(error);
    if (sentence === undefined) throw error;
    throw new UserError(`${name} did not start. ${sentence}`);
  }
}

async function sentenceOf(error: unknown): Promise<string | undefined> {
  const { ConfigRefused, PolicyRefused, StartRefused } = await import('@countersign/service');
  const { GateTaken } = await import('@countersign/gate');
  if (error instanceof PolicyRefused) return `The policy was refused:\n${error.message}`;
  if ([ConfigRefused, StartRefused, GateTaken].some((known) => error instanceof known)) return (error as Error).message;
  const { code, address, port } = error as { readonly code?: unknown; readonly address?: unknown; readonly port?: unknown };
  return code === 'EADDRINUSE' || code === 'EACCES' ? `It cannot listen on ${String(address)}:${String(port)} (${code}): free that address, or set another.` : undefined;
}

interface Request {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
}

const starters: Readonly<Record<ServiceName, (request: Request) => Promise<RunningService>>> = {
  gate: async (request) => (await import('@countersign/gate')).startGateService(request),
  detect: async (request) => (await import('@countersign/detect')).startDetect(request),
  judge: async (request) => (await import('@countersign/judge')).startJudge(request),
  approve: async (request) => (await import('@countersign/approve')).startApprove(request),
  record: async (request) => (await import('@countersign/record')).startRecord(request),
  console: async (request) => (await import('@countersign/console')).startConsoleService(request),
};
