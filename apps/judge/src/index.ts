export { JudgeModule } from './judge.module.js';
