/**
 * Every string an agent would read in a payload, with the path at which it stands.
 * LV1. Bounded: at most `leavesMax` strings and `charactersMax` characters; what is left over is said (`complete: false`).
 * LV2. Iterative, so no nesting can exhaust the stack; deeper than `depthMax` is left over too.
 */
export const leavesMax = 20_000;
export const charactersMax = 512 * 1024;
export const depthMax = 128;
const keyCharactersMin = 24;
const nameCharactersMax = 200;

export interface Leaf {
  /** JSON path within the payload, e.g. `$.content[0].text`. */
  readonly path: string;
  readonly text: string;
  /** False for a member's name, and below a name too long to be given: nothing at `path` holds this text, so no span can be given. */
  readonly isValue: boolean;
}

export function leavesOf(payload: unknown): { readonly leaves: readonly Leaf[]; readonly complete: boolean } {
  const leaves: Leaf[] = [];
  const waiting: Visit[] = [{ path: '$', value: payload, depth: 0, isPlaced: true }];
  let complete = true;
  let characters = 0;
  let visits = 0;
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    visits += 1;
    if (visits > 4 * leavesMax || leaves.length > leavesMax || characters > charactersMax) return { leaves, complete: false };
    const { path, value, name, depth, isPlaced } = visit;
    if (name !== undefined && name.length >= keyCharactersMin) leaves.push({ path, text: name, isValue: false });
    if (typeof value === 'string') leaves.push({ path, text: value, isValue: isPlaced });
    else if (typeof value === 'object' && value !== null) {
      const children = depth < depthMax ? childrenOf(visit, value) : undefined;
      if (children === undefined) complete = false;
      else waiting.push(...children);
    }
    characters += (name?.length ?? 0) + (typeof value === 'string' ? value.length : 0);
  }
  return { leaves, complete };
}

interface Visit {
  readonly path: string;
  readonly value: unknown;
  readonly depth: number;
  /** Can a reader follow the path? */
  readonly isPlaced: boolean;
  /** The member's name, when it is one. */
  readonly name?: string;
}

/** In reverse, because the last one pushed is visited first. @returns undefined when there are too many. */
function childrenOf({ path, depth, isPlaced }: Visit, value: object): Visit[] | undefined {
  const children: Visit[] = Array.isArray(value)
    ? value.slice(0, leavesMax + 1).map((item: unknown, n) => ({ path: `${path}[${n}]`, value: item, depth: depth + 1, isPlaced }))
    : Object.entries(value).slice(0, leavesMax + 1).map(([name, member]) => ({ path: memberPath(path, name), value: member as unknown, name, depth: depth + 1, isPlaced: isPlaced && name.length <= nameCharactersMax }));
  return children.length > leavesMax ? undefined : children.reverse();
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]{0,63}$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name.slice(0, nameCharactersMax))}]`;
}
