export { JudgeModule } from './judge.module.js';
export { startJudge } from './start-judge.js';
