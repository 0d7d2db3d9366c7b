/**
 * A call's arguments, flattened for reading: one line per value, in the order the agent wrote them.
 * AL1. Every leaf appears, empty objects and lists too: an argument nobody sees is an argument nobody approved.
 * AL2. Bounded by depth and count; over the bounds the call is uninspectable, not half shown.
 */
export type ArgumentKind = 'text' | 'number' | 'flag' | 'empty' | 'url' | 'mail' | 'path' | 'sql' | 'shell';

export interface ArgumentLeaf {
  /** JSON path, `$.to[0].address`. */
  readonly path: string;
  readonly kind: ArgumentKind;
  readonly text: string;
}

const depthMax = 64;
const leavesMax = 10_000;

/** @returns undefined when the text is not readable JSON or is over the bounds. */
export function argumentLeaves(argumentsJson: string): readonly ArgumentLeaf[] | undefined {
  try {
    const leaves: ArgumentLeaf[] = [];
    flatten({ value: JSON.parse(argumentsJson), path: '$', depth: 0 }, leaves);
    return leaves;
  } catch {
    return undefined;
  }
}

function flatten({ value, path, depth }: { readonly value: unknown; readonly path: string; readonly depth: number }, leaves: ArgumentLeaf[]): void {
  if (depth > depthMax || leaves.length >= leavesMax) throw new RangeError('over the bounds');
  if (typeof value === 'object' && value !== null) {
    const members = Array.isArray(value) ? value.map((item, index) => [`[${index}]`, item] as const) : Object.entries(value).map(([key, item]) => [step(key), item] as const);
    if (members.length === 0) leaves.push({ path, kind: 'empty', text: Array.isArray(value) ? '[]' : '{}' });
    for (const [part, item] of members) flatten({ value: item, path: `${path}${part}`, depth: depth + 1 }, leaves);
    return;
  }
  leaves.push({ path, kind: kindOf(value, path), text: typeof value === 'string' ? value : JSON.stringify(value) });
}

function step(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/** A hint for colouring; nothing rests on it. */
function kindOf(value: unknown, path: string): ArgumentKind {
  if (typeof value === 'number') return 'number';
  if (typeof value !== 'string') return 'flag';
  const start = value.slice(0, 300);
  if (/^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(start)) return 'url';
  if (/^[^\s@]{1,100}@[^\s@]{1,150}$/.test(start)) return 'mail';
  if (/^\s*(select|insert|update|delete|drop|create|alter|with|truncate)\s/i.test(start)) return 'sql';
  if (/(command|cmd|script|shell)$/i.test(path)) return 'shell';
  return /^(~?\/|\.{1,2}\/|[A-Za-z]:\\)\S*$/.test(start) ? 'path' : 'text';
}
