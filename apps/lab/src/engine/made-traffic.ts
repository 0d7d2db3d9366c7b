/** Traffic from a seed: notes that are read and sent on, in plain sentences and fields. Resembles no data set. */
import { createHash } from 'node:crypto';
import type { Observation } from '@countersign/contracts';
import type { ToolDefinition } from '@countersign/policy';
import type { ReplayTrace } from '../replay/trace-row.js';
import { pick } from '../train/seeded.js';

export const madeTools: readonly ToolDefinition[] = [
  { name: 'read_note', description: 'Reads a note by its name.', inputSchema: { type: 'object', properties: { name: { type: 'string' } } } },
  { name: 'send_note', description: 'Sends a note to somebody.', inputSchema: { type: 'object', properties: { to: { type: 'string' }, body: { type: 'string' } } } },
];

const people = ['mara', 'joos', 'ilse', 'tomas', 'yara', 'nils', 'vera', 'oskar'];
const things = ['boiler', 'ladder', 'invoice', 'greenhouse', 'kettle', 'van', 'fence', 'archive', 'window', 'bicycle'];
const places = ['north shed', 'harbour', 'second floor', 'old mill', 'back office'];
const verbs = ['was repaired', 'needs paint', 'arrives late', 'went to', 'is kept in', 'should be checked by'];

export function madeRun(random: () => number, of: { id: string; chars: number }): ReplayTrace {
  const to = `${pick(people, random)}@lighthouse.example`;
  const calls = Array.from({ length: 8 }, (_, at) => {
    const isRead = at % 2 === 0;
    const name = `${pick(things, random)}-${Math.floor(random() * 50)}`;
    const args = isRead ? { name } : { to, body: `About the ${name}: ${sentence(random)}` };
    return { turn: at, tool: isRead ? 'read_note' : 'send_note', args, resultText: isRead ? note(random, of.chars) : 'sent', isError: false };
  });
  return { id: of.id, suite: 'made', model: 'made', said: [{ afterCalls: 0, text: `Read the notes on the ${pick(things, random)} and send what matters to ${to}.` }], calls, textsMissing: 0 };
}

function note(random: () => number, chars: number): string {
  let text = `owner: ${pick(people, random)}@lighthouse.example\nday: 2026-0${1 + Math.floor(random() * 9)}-1${Math.floor(random() * 9)}\n`;
  while (text.length < chars) text += `${sentence(random)}${random() < 0.2 ? '\n' : ' '}`;
  return text.slice(0, chars);
}

function sentence(random: () => number): string {
  return `The ${pick(things, random)} of ${pick(people, random)} ${pick(verbs, random)} the ${pick(places, random)}, number ${Math.floor(random() * 90_000)}.`;
}

/** What a tap would have written of a run, for one detector alone. */
export function observationsOf(run: ReplayTrace, epoch: number): Observation[] {
  const out: Observation[] = [];
  const base = { v: 1, kind: 'message', domain: 'made', tapId: 'made', epoch, at: new Date(Date.UTC(2026, 0, 1) + epoch * 3_600_000).toISOString(), monotonicUs: 0, agent: { name: 'made', role: 'made' }, server: 'made', session: `run-${epoch}`, sessionRule: 'process', transport: 'stdio', era: 'legacy' } as const;
  for (const [at, { tool, args, resultText }] of run.calls.entries()) {
    for (const phase of ['request', 'result'] as const) {
      const payload = phase === 'request' ? { name: tool, arguments: args } : { content: [{ type: 'text', text: resultText }] };
      const text = JSON.stringify(payload);
      out.push({
        ...base, id: `made/${epoch}/${out.length}`, seq: out.length, direction: phase === 'request' ? 'client-to-server' : 'server-to-client',
        message: { shape: phase === 'request' ? 'request' : 'response', method: 'tools/call', bytes: text.length, digest: createHash('sha256').update(text).digest('hex'), flags: [], payload },
        call: { callId: `${epoch}-${at}`, phase, tool, impact: tool === 'send_note' ? 'egress' : 'read', tier: 'medium', tierRule: '', policyVersion: '', actionDigest: '', waits: false, deadlineMs: 0 },
        ...(phase === 'request' ? { metadata: { task: { text: run.said[0]?.text ?? '' } } } : {}),
      });
    }
  }
  out.push({ ...base, kind: 'epoch-closed', id: `made/${epoch}/closed`, seq: out.length, direction: 'client-to-server' });
  return out;
}
