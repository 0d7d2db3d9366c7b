/**
 * Where the demonstration plays on the distributed profile: a stack of its own, or one that runs already.
 * DS1. A stack of its own lies in a folder that is removed afterwards; one that runs keeps its data and gets its policy back.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { operatorSocketPath } from '@countersign/service/data-dir';
import { oneLineAt } from './one-line.js';
import type { Playground } from './play-demo.js';
import { programFile } from './program-file.js';
import { UserError } from './user-error.js';

const stackProgram = join(dirname(programFile), '..', '..', '..', 'infra', 'stack', 'run.mjs');
const policyMsMax = 30_000;

/** What `npm run stack` leaves in its folder (mode 0600). */
interface StackFacts {
  readonly dataDir: string;
  readonly domain: string;
  readonly policyFile: string;
  readonly brokers: readonly string[];
  readonly services: readonly { readonly name: string; readonly url: string }[];
}

export interface DemoStack {
  readonly playground: Playground;
  close(): Promise<void>;
}

/** @param stackDir of a running stack; undefined starts one. @param policyText in force while it plays. @throws UserError when there is none or it does not start. */
export async function openDemoStack(stackDir: string | undefined, policyText: string): Promise<DemoStack> {
  return stackDir === undefined ? ownStack(policyText) : runningStack(resolve(stackDir), policyText);
}

async function ownStack(policyText: string): Promise<DemoStack> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-demo-stack-'));
  const policy = join(dir, 'policy.yaml');
  writeFileSync(policy, policyText, { mode: 0o600 });
  const child = spawn(process.execPath, [stackProgram, '--dir', join(dir, 'stack'), '--policy', policy, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = once(child, 'exit');
  let said = '';
  let facts = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await gone;
    rmSync(dir, { recursive: true, force: true });
  };
  const isUp = new Promise<boolean>((answer) => {
    child.stdout.on('data', (chunk: Buffer) => (facts += chunk.toString()).endsWith('\n') && answer(true));
    void gone.then(() => answer(false));
  });
  if (!(await isUp)) {
    await stop();
    throw new UserError(`the distributed profile could not be started here, so the demonstration did not play: ${said.trim()}`);
  }
  return playingOn(JSON.parse(facts) as StackFacts, stop);
}

async function runningStack(dir: string, policyText: string): Promise<DemoStack> {
  const file = join(dir, 'stack.json');
  if (!existsSync(file)) throw new UserError(`no stack is running on ${dir}; start one with \`npm run stack -- --dir ${dir}\`, or leave --stack out to have one started.`);
  const facts = JSON.parse(readFileSync(file, 'utf8')) as StackFacts;
  const before = readFileSync(facts.policyFile, 'utf8');
  await putPolicy(facts, policyText);
  return playingOn(facts, () => putPolicy(facts, before));
}

async function playingOn(facts: StackFacts, release: () => Promise<void>): Promise<DemoStack> {
  const { KafkaEventLog } = await import('@countersign/adapters/event-log/kafka');
  try {
    const eventLog = await KafkaEventLog.connect({ connection: { brokers: facts.brokers, clientId: 'countersign-demo' }, app: 'demo' });
    const operatorSocket = operatorSocketPath(facts.dataDir, { platform: process.platform, tmpDir: tmpdir() });
    return {
      playground: { dataDir: facts.dataDir, domain: facts.domain, eventLog, loginLink: () => oneLineAt(operatorSocket) },
      close: () => eventLog.close().finally(release),
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Resolves when every service says that it is in force. */
async function putPolicy({ policyFile, services }: StackFacts, text: string): Promise<void> {
  const { compilePolicy, parsePolicy } = await import('@countersign/policy');
  const parsed = parsePolicy(text, policyFile);
  if (!parsed.ok) throw new UserError(`the policy ${policyFile} was not changed: ${parsed.problems[0]?.message ?? 'it is wrong'}`);
  const { version } = compilePolicy(parsed.policy);
  writeFileSync(policyFile, text, { mode: 0o600 });
  const end = performance.now() + policyMsMax;
  for (const { name, url } of services) {
    while (!(await metricsOf(url)).includes(`countersign_policy_version_info{version="${version}"} 1`)) {
      if (performance.now() > end) throw new UserError(`${name} did not take the policy ${version} within ${policyMsMax / 1_000} s; look at its log.`);
      await new Promise((wake) => setTimeout(wake, 100));
    }
  }
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}
