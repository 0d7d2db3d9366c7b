/**
 * Which runs were fitted on, which were only looked at.
 * SE1. `tune`: weights and thresholds come from here. `dev`: scenarios never fitted on. `dev-template`: fitted scenarios under templates
 *      never fitted on; not to be pooled with `dev`. `other`: data that neither says anything of.
 */
export type EvaluationSet = 'tune' | 'dev' | 'dev-template' | 'other';

const tuneSuites: ReadonlySet<string> = new Set(['workspace', 'banking']);
const devSuites: ReadonlySet<string> = new Set(['slack', 'travel']);
const unfittedTemplates: ReadonlySet<string> = new Set(['direct', 'injecagent']);

export function setOf(run: { readonly suite: string; readonly attack: string | null }): EvaluationSet {
  if (devSuites.has(run.suite)) return 'dev';
  if (!tuneSuites.has(run.suite)) return 'other';
  return run.attack !== null && unfittedTemplates.has(run.attack) ? 'dev-template' : 'tune';
}
