/** A home of its own for one test: clients' files, a project folder, a data folder, and the built program run in it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program, type CommandResult } from './running.js';

export class Home {
  readonly home: string;
  readonly data: string;
  readonly cwd: string;

  constructor(dir: string, name: string) {
    this.home = join(dir, name);
    this.data = join(this.home, 'data');
    this.cwd = join(this.home, 'shop');
    mkdirSync(this.cwd, { recursive: true });
  }

  put(name: string, text: string): string {
    const file = join(this.home, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  countersign(...args: readonly string[]): CommandResult {
    return this.fed('', ...args);
  }

  /** With this text on stdin. */
  fed(input: string, ...args: readonly string[]): CommandResult {
    const env = { HOME: this.home, USERPROFILE: this.home, PATH: process.env['PATH'], COUNTERSIGN_DATA: this.data };
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', input, cwd: this.cwd, env });
    return { status, stdout, stderr };
  }
}
