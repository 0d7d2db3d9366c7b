/**
 * The built page and its few files, read once into memory: what is not in the list cannot be asked for, whatever the path says.
 * Files under `assets/` carry their digest in the name and may be kept for ever; the page itself never.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface BuiltFile {
  readonly body: Buffer;
  readonly type: string;
}

export interface BuiltPages {
  /** Absent: `npm run build` did not run. */
  readonly page?: Buffer;
  readonly assets: ReadonlyMap<string, BuiltFile>;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export function readBuiltPages(directory: string): BuiltPages {
  const page = join(directory, 'index.html');
  if (!existsSync(page)) return { assets: new Map() };
  const assets = join(directory, 'assets');
  const names = existsSync(assets) ? readdirSync(assets) : [];
  const files = names.flatMap((name) => {
    const type = types[extname(name)];
    return type === undefined ? [] : [[name, { body: readFileSync(join(assets, name)), type }] as const];
  });
  return { page: readFileSync(page), assets: new Map(files) };
}
