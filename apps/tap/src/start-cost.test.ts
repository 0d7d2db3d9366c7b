import { join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { bundleOptions } from './testing/tap-process.js';

const { metafile = { inputs: {}, outputs: {} } } = buildSync({ ...bundleOptions, outdir: 'out', write: false, metafile: true });

/** Everything that is loaded before and with a file of the sources, by static imports. */
function loadedWith({ outputs }: Metafile, source: string): { readonly inputs: string[]; readonly builtins: string[] } {
  const start = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(source))?.[0] ?? '';
  const files = new Set([start]);
  const builtins = new Set<string>();
  for (const file of files) {
    for (const { path, kind, external } of outputs[file]?.imports ?? []) {
      if (external === true) builtins.add(path);
      else if (kind === 'import-statement') files.add(path);
    }
  }
  return { inputs: [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {})), builtins: [...builtins] };
}

describe('what a start costs', () => {
  it('[T18] the server is started before anything is loaded that only the relay needs', () => {
    const { inputs, builtins } = loadedWith(metafile, join('tap', 'src', 'main.ts'));
    expect(inputs.map((file) => file.replace(/^.*\/(?=(apps|libs|node_modules)\/)/, '')).sort()).toEqual(
      ['apps/tap/src/main.ts', 'apps/tap/src/settings.ts', 'apps/tap/src/stdio/child.ts', 'apps/tap/src/stdio/windows-command.ts', 'apps/tap/src/system-clock.ts'],
    );
    expect(builtins).not.toContain('node:http');
  });

  it.each(['start.ts', 'stdio/run.ts'])('[T18] a stdio tap’s %s loads no HTTP, no schemas, no YAML', (source) => {
    const { inputs, builtins } = loadedWith(metafile, source);
    expect(inputs.length).toBeGreaterThan(0);
    expect(inputs.filter((file) => /node_modules\/(zod|yaml)\//.test(file))).toEqual([]);
    expect(builtins.filter((name) => /^node:(http|https|http2|tls)$/.test(name))).toEqual([]);
  });
});
