export { startSolo, type Solo, type SoloOptions } from './solo.js';
export { startStage, type Stage, type StageOptions, type RunningStage } from './stage.js';
