/** An observation's payload → the leaves that a reader (or a tool) sees, whatever method carried them. Never throws. */
import type { Observation } from '@countersign/contracts';
import { leavesOf, type Leaf } from './leaves.js';

/** Leaves of a call's arguments; paths start at `$.arguments`. */
export function argumentLeaves(payload: unknown): Leaf[] {
  const args = member(payload, 'arguments');
  return args === undefined ? [] : leavesOf(args, '$.arguments');
}

/** Leaves of a result of tools/call, resources/read or prompts/get, and of what a server asks a client to sample or to elicit. Images and other bytes are not text and are left out. */
export function resultLeaves(payload: unknown): Leaf[] {
  const out: Leaf[] = [];
  for (const list of ['content', 'contents'] as const) blocks(member(payload, list), `$.${list}`).forEach(([block, path]) => out.push(...blockLeaves(block, path)));
  for (const [message, path] of blocks(member(payload, 'messages'), '$.messages')) out.push(...blockLeaves(member(message, 'content'), `${path}.content`));
  for (const said of ['message', 'systemPrompt'] as const) if (typeof member(payload, said) === 'string') out.push(...leavesOf(member(payload, said), `$.${said}`));
  const structured = member(payload, 'structuredContent');
  if (structured !== undefined) out.push(...leavesOf(structured, '$.structuredContent'));
  return out;
}

/** The value at a path of the shapes made here, for quoting and tests; undefined when there is none. */
export function valueAt(payload: unknown, path: string): unknown {
  let value = payload;
  for (const match of path.slice(1).matchAll(/\.([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    const key = match[1] ?? match[2] ?? (JSON.parse(match[3] ?? '""') as string);
    value = member(value, key);
  }
  return value;
}

export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}

/** Tool definitions of a `tools/list` answer. */
export function listedTools(observation: Observation): readonly unknown[] {
  if (observation.message?.method !== 'tools/list' || observation.direction !== 'server-to-client') return [];
  const tools = member(observation.message.payload, 'tools');
  return Array.isArray(tools) ? tools : [];
}

function blocks(list: unknown, path: string): [unknown, string][] {
  return Array.isArray(list) ? list.map((block: unknown, at) => [block, `${path}[${at}]`]) : [];
}

function blockLeaves(block: unknown, path: string): Leaf[] {
  if (typeof block === 'string') return leavesOf(block, path);
  const text = member(block, 'text');
  if (typeof text === 'string') return leavesOf(text, `${path}.text`);
  const resource = member(block, 'resource');
  return resource === undefined ? [] : leavesOf(member(resource, 'text'), `${path}.resource.text`);
}
