export { DetectModule, type DetectOptions } from './detect.module.js';
