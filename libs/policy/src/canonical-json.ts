/**
 * RFC 8785 (JCS) for values that came from JSON: sorted keys, shortest numbers, no white space.
 * CJ1. Two values with the same members have the same text, whatever order they were written in.
 * CJ2. What JSON cannot say (undefined, functions, NaN) is an error, never a silent `null`.
 * Why here and not a library: the tap checks seals and grants with it and carries as few dependencies as it can.
 */

/** @throws TypeError when `value` holds something JSON cannot say; undefined members are left out, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('A number that is not finite has no canonical JSON text.');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`A ${typeof value} has no canonical JSON text.`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
