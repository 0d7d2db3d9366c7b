/** The demonstration is the product's own proof: guarded it stops the attacks, unguarded the same attacks succeed. */
import { describe, expect, it } from 'vitest';
import { countersign } from './running.js';

interface Row {
  readonly scenario: string;
  readonly verdict: string;
  readonly executed: boolean;
  readonly ok: boolean;
}

const minuteMs = 60_000;
const rowsOf = (stdout: string) => JSON.parse(stdout) as readonly Row[];

describe('countersign demo', () => {
  it('stops every attack, lets ordinary work pass, and says so', { timeout: 5 * minuteMs }, () => {
    const { status, stdout, stderr } = countersign('demo', '--json');
    const rows = rowsOf(stdout || '[]');
    expect({ wrong: rows.filter((row) => !row.ok), stderr }).toEqual({ wrong: [], stderr: '' });
    expect(rows.length).toBeGreaterThanOrEqual(19);
    expect(status).toBe(0);
  });

  it('unguarded, the same attacks are executed', { timeout: 5 * minuteMs }, () => {
    const { status, stdout } = countersign('demo', '--json', '--unguarded');
    const rows = rowsOf(stdout || '[]');
    expect(rows.filter((row) => !row.executed)).toEqual([]);
    expect(status).toBe(0);
  });
});
