export { createInjection, type InjectionOptions } from './detector.js';
export { pinDigest } from './pins.js';
export type { InjectionMemory } from './memory.js';
/** For training and measuring. */
export { featuresOf, gramBits, type WindowFeatures } from './features.js';
export { structureNames } from './structure.js';
export { skeletonSize } from './skeleton.js';
export type { Vocabulary } from './vocabulary.js';
export { scoreBin, scoreBins, scorerOf, type TextModel } from './model.js';
export { readText, type Reading, type ScoredWindow } from './content.js';
export { checkDefinition } from './definition-checks.js';
export { addOwnWords, isEcho } from './echo.js';
export { plainText } from './plain.js';
export { windowsOf } from './windows.js';
export { hashOf, mixed } from './word-hash.js';
export { textModel } from './text-model.js';
export { Observer, createObserverReader, headOf, logitMax, windowsMax, type ObserverHead } from './observer.js';
export { observerHead } from './observer-head.js';
