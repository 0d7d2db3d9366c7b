/**
 * The demonstration's policy: the default one, with what an administrator of the demonstration's little company would add.
 * Everything added names the demonstration's own servers and agents, except the short patience, so that nobody has to wait.
 */
import { defaultPolicyText } from '@countersign/policy';

const sources = `sources:
  - { name: financials, server: demo-customers, tool: read_financials, readers: ["role:analyst"] }`;

const agents = `agents:
  - { role: analyst, mayCall: ["demo-customers/*", "demo-files/*", "demo-desk/*"], owner: ana }
  - { role: mailer, mayCall: ["demo-mail/*", "demo-files/*"] }`;

const tools = `tools:
  - { server: demo-customers, tool: find_customer, impact: read, openWorld: true }
  - { server: demo-customers, tool: "*", openWorld: false }
  - { server: demo-desk, tool: ask_mailer, impact: write }`;

const replacements: readonly (readonly [RegExp, string])[] = [
  [/^version: \S+/m, 'version: demo-1'],
  [/^tools: \[\]/m, tools],
  [/^sources: \[\]/m, sources],
  [/^agents: \[\]/m, agents],
  // A few dozen sessions are too few to calibrate the fused score by; rule R1 asks alone, and the score shows.
  [/^ {2}tainted-target: score/m, '  tainted-target: step_up'],
  [/^ {2}fused: \{ threshold: 0, pMax: 1, uncalibrated: step_up \}/m, '  fused: { threshold: 0, pMax: 0.001, uncalibrated: show }'],
];

/**
 * @param mode observe: verdicts are recorded, everything passes.
 * @param askMs how long a person may take; one scenario waits for all of it. Several processes on one machine need more than one does.
 * @throws when the default policy no longer has the lines it changes.
 */
export function demoPolicyText(mode: 'enforce' | 'observe', askMs = 4_000): string {
  const own: typeof replacements = [[/^mode: enforce/m, `mode: ${mode}`], [/deadlineMs: 900000/, `deadlineMs: ${askMs}`], [/^ask: (.*)deadlineMs: \d+/m, `ask: $1deadlineMs: ${askMs}`]];
  let text = defaultPolicyText;
  for (const [pattern, replacement] of [...replacements, ...own]) {
    if (!pattern.test(text)) throw new Error(`the default policy has no line ${pattern.source}; the demonstration's policy must be adapted`);
    text = text.replace(pattern, replacement);
  }
  return text;
}
