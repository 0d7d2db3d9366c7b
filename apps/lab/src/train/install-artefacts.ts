/**
 * Trained weights → the source files that the build reads.
 * IA1. Each constant is replaced as a whole; a file without its constant is refused and nothing is written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artefact } from '@countersign/policy';

const places = [
  { file: 'call-score.json', source: 'libs/detectors/provenance/src/call-score.artefact.ts', constant: 'export const callScore: CallScoreArtefact = ', only: 'payload' },
  { file: 'call-score.json', source: 'libs/detectors/provenance/src/call-score.signature.ts', constant: 'export const callScoreSeal = ', only: 'seal' },
  { file: 'fusion.json', source: 'libs/policy/src/fusion.artefact.ts', constant: 'export const fusion: Artefact<FusionPayload> = ', only: 'all' },
] as const;

/** @param root the repository. @returns the files written. */
export function installArtefacts(dir: string, root: string): readonly string[] {
  const written = places.map(({ file, source, constant, only }) => {
    const artefact = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Artefact<unknown>;
    const text = readFileSync(join(root, source), 'utf8');
    const start = text.indexOf(constant);
    if (start < 0) throw new Error(`${source} has no constant to replace (\`${constant.trim()}\`); nothing was written.`);
    const { payload, ...seal } = artefact;
    const value = only === 'payload' ? payload : only === 'seal' ? seal : artefact;
    return [join(root, source), `${text.slice(0, start)}${constant}${literal(value)};\n`] as const;
  });
  for (const [file, text] of written) writeFileSync(file, text);
  return written.map(([file]) => file);
}

function literal(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/"([a-zA-Z]\w*)":/g, '$1:').replace(/"([^"'\\]*)"/g, "'$1'");
}
