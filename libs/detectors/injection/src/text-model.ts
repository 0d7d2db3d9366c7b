/** Written by `apps/lab/src/train/text-model.ts`; do not edit. */
import type { TextModel } from './model.js';

export const textModel: TextModel = {
  version: 'hand-1',
  bias: -2.5,
  structure: [1.5, 0.3, 1, 0.6, 0.4, 0.3, 0.8, 0.6, 0.8, 0.3, 0.4, 0, 0.4, 0.4, 0.8, 0.2, 0.2, 0.2, 0.2, 1, 0.6, 1.2, 0.3, -0.5, 0, 0.8, 1, 0.5, 0.2],
  grams: '',
  gramScale: 1,
  cleanHistogram: Array.from({ length: 128 }, (_, bin) => (bin < 48 ? 10 : bin < 64 ? 2 : 0)),
  strongScore: 1,
};
