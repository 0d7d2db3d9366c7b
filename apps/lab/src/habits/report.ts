import type { HabitFigures } from './habits.js';
import type { MimicryFigures, PoisoningFigures } from './mimicry.js';

export interface HabitReport {
  readonly habits: HabitFigures;
  readonly mimicry: MimicryFigures;
  readonly poisoning: readonly PoisoningFigures[];
}

const percent = (share: number): string => (100 * share).toFixed(1);
const sessionsTo = (delays: readonly (number | undefined)[]): string => delays.map((delay) => delay ?? 'never').join(', ');

/** For people. */
export function shownHabits({ habits, mimicry, poisoning }: HabitReport): string[] {
  return [
    `${habits.sessions} sessions, ${habits.calls} calls judged; a call costs ${habits.microsP50.toFixed(1)} µs (p99 ${habits.microsP99.toFixed(1)})`,
    `AUROC of an inserted call: random tool ${habits.aurocRandomTool.toFixed(3)}, a write ${habits.aurocWrite.toFixed(3)}; ordinary calls with p < 0.01: ${percent(habits.surprised)} %`, '',
    '| What changed | sessions until habits-changed |', '|---|---|', ...Object.entries(habits.flaggedAfter).map(([name, delays]) => `| ${name} | ${sessionsTo(delays)} |`), '',
    `Mimicry: ${mimicry.goals} goals, strange values in the agent's own writing tools; cover chosen among ${mimicry.covers} beginnings of its own sessions.`, '',
    '| No call below p = | reached without cover, % | under the best cover, % | best cover, tool never used before, % |', '|---|---|---|---|',
    ...mimicry.reached.map(({ threshold, careless, mimic, mimicNewTool }) => `| ${threshold} | ${percent(careless)} | ${percent(mimic)} | ${percent(mimicNewTool)} |`), '',
    '| Sessions that carry the attack | sessions until habits-changed | p of the attack at the end |', '|---|---|---|',
    ...poisoning.map(({ share, flaggedAfter, pAtEnd }) => `| ${share === 0 ? 'one per cent more each session' : `${percent(share)} %`} | ${sessionsTo(flaggedAfter)} | ${pAtEnd.map((p) => p.toFixed(3)).join(', ')} |`),
  ];
}
