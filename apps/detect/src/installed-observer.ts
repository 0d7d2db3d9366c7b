/** The observer that `countersign observer pull` put into the data folder, if it did. */
import { join } from 'node:path';
import type { Observer } from '@countersign/detector-injection';

export const observerDirName = 'observer';

/** @returns undefined when none was installed. @throws ModelRefused when what lies there is not what was installed. */
export async function installedObserver(dataDir: string): Promise<Observer | undefined> {
  const { readObserver } = await import('@countersign/adapters/model-runtime/observer-files');
  const files = readObserver(join(dataDir, observerDirName));
  if (files === undefined) return undefined;
  const { OnnxTextEncoder } = await import('@countersign/adapters/model-runtime/text-encoder');
  return OnnxTextEncoder.load(files);
}
