import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HandedTask } from './handed-task.js';

let dataDir = '';
let nowMs = 1_800_000_000_000;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'countersign-handed-'));
  mkdirSync(join(dataDir, 'tasks'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const open = () => new HandedTask({ dataDir, agent: 'my.agent', parentPid: 77, wallMs: () => nowMs });
const hand = (name: string, content: unknown) => writeFileSync(join(dataDir, 'tasks', `${name}.json`), typeof content === 'string' ? content : JSON.stringify(content));

describe('a task handed over by a prompt hook', () => {
  it('is found under the agent’s name or its client’s process, the newer one first, and read again when it changes', () => {
    const handed = open();
    expect(handed.current()).toBeUndefined();
    hand('77', { v: 1, text: 'look', id: 'a', at: nowMs - 10 });
    expect(handed.current()).toEqual({ text: 'look', id: 'a' });
    hand('my%2Eagent', { v: 1, text: 'write it down', id: 'b', at: nowMs });
    expect(handed.current()).toEqual({ text: 'write it down', id: 'b' });
    hand('my%2Eagent', { v: 1, text: 'write it down, please', id: 'c', at: nowMs + 1 });
    expect(handed.current()).toMatchObject({ id: 'c' });
  });

  it('is nobody’s after half a day', () => {
    hand('77', { v: 1, text: 'look', id: 'a', at: nowMs });
    const handed = open();
    nowMs += 12 * 3_600_000 + 1;
    expect(handed.current()).toBeUndefined();
  });

  it.each(['', '{', '[]', '{"text":"x"}', { text: 1, id: 'a', at: 1 }, 'x'.repeat(70_000)])('that is no task is no task (%#)', (content) => {
    hand('77', content);
    expect(open().current()).toBeUndefined();
  });
});
