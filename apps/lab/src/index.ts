export { tapCost, type TapCost, type TapCostOptions, type TapCostRow } from './cost/tap-cost.js';
export { soloRate, type SoloRate, type SoloRateOptions } from './cost/solo-rate.js';
export { replayFile, type ReplayFileOptions, type ReplaySummary } from './replay/replay-file.js';
export { qualityOf, type QualityOptions } from './quality/quality-file.js';
export { engineRate, shownEngineRate, type EngineRate } from './engine/engine-rate.js';
export { measureTexts } from './train/measure-text.js';
export { impactAccuracy, shownImpactAccuracy, type ImpactAccuracy } from './impact/impact-accuracy.js';
export { adaptive, shownAdaptive, type Adaptive, type AdaptiveOptions } from './adaptive/adaptive.js';
