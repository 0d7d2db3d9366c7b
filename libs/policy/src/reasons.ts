/**
 * Findings → reasons.
 * RE1. `text` is for operators: the finding's sentence, its numbers, where the bytes stand.
 * RE2. `wouldPass` goes to the agent, so it comes from this file's table and never quotes evidence: a refusal must not teach
 *      an attacker what was recognised, nor carry a stranger's words back into the agent's context (TH-22).
 */
import type { Evidence, Finding, Reason } from '@countersign/contracts';

const textMax = 1200;

interface Words {
  /** For operators, when the finding brings no sentence of its own. */
  readonly text: string;
  readonly wouldPass: string;
}

const known: Readonly<Record<string, Words>> = {
  'refused-by-rule': { text: 'A rule of the policy refuses this call.', wouldPass: 'A tool or arguments that the policy allows.' },
  'agent-may-not-call': { text: 'The policy does not let this agent call this tool.', wouldPass: 'A tool that this agent may call.' },
  'no-verdict-in-time': { text: 'Required detectors did not answer before the deadline.', wouldPass: 'The same call again, once the detectors answer; an operator can see why they did not.' },
  'too-many-pending': { text: 'This agent already waits for as many approvals as the policy lets it open.', wouldPass: 'The same call again, after people decided the open ones.' },
  'tier-asks': { text: 'Every call of this tier is decided by people.', wouldPass: 'A person approves this call.' },
  'ambiguous-json': { text: 'The message can be read in two ways (repeated keys, or numbers or text that parsers disagree on).', wouldPass: 'The same call written as plain JSON without repeated keys.' },
  'flow-to-sink': { text: 'The call would carry labelled data to someone who may not read it.', wouldPass: 'The call without the restricted data, or to someone who may read it.' },
  capability: { text: 'Someone in the chain of delegation may not make this call.', wouldPass: 'A call that everyone in the chain of delegation may make.' },
  'pin-changed': { text: "The tool's definition is not the one that was approved.", wouldPass: "A person approves the tool's new definition, or this call." },
  'hidden-text': { text: 'The text holds characters a reader cannot see.', wouldPass: 'Content without hidden characters, or an operator releases it.' },
  'instruction-in-data': { text: 'The text tells its reader what to do.', wouldPass: 'An operator releases the content.' },
  'attestation-changed': { text: "The agent's attested state is not the registered one.", wouldPass: "An operator registers the agent's new state." },
  'attestation-invalid': { text: "The agent's attestation does not verify.", wouldPass: 'A statement signed by a registered key.' },
  'attestation-conflict': { text: 'Two attestations of this session contradict each other.', wouldPass: 'One statement for the whole session.' },
  'attestation-absent': { text: 'The agent handed over no attestation.', wouldPass: 'The call with an attestation.' },
  'activation-absent': { text: 'No activation came with the call.', wouldPass: 'The call with an activation.' },
  'task-absent': { text: "The user's task was not handed over, so the call was judged without it.", wouldPass: "The call with the user's task in its metadata." },
  'tainted-target': { text: 'Where the call goes was named only by untrusted text.', wouldPass: 'A target that the user named, or a person approves this call.' },
  'habits-changed': { text: "The agent's habits have changed.", wouldPass: 'A person looks at the agent and approves this call.' },
  'explained-by-source': { text: 'A text that was read explains the call better than the user does.', wouldPass: 'The call the user asked for, or a person approves this one.' },
  'fused-score': { text: 'Where the call comes from, taken together, speaks against it.', wouldPass: 'A call that the user asked for in their own words, or a person approves this one.' },
  surprise: { text: 'The call is unusual for this agent.', wouldPass: 'A person approves this call.' },
  'arguments-edited': { text: 'The policy changed arguments of this call; what goes on is the changed call.', wouldPass: 'The call as the policy changed it.' },
  released: { text: 'An operator released this content.', wouldPass: '' },
};
const other: Words = { text: 'A detector objects to this call.', wouldPass: 'A person approves this call.' };

/** A reason that rests on no finding. @param detail a sentence behind the standing one, for operators. */
export function plainReason(code: string, detail?: string): Reason {
  const words = known[code] ?? other;
  return { code, text: cut(detail === undefined ? words.text : `${words.text} ${detail}`), ...passing(words) };
}

/** @param detail a sentence on why the finding counts here, for operators. */
export function reasonOf(finding: Finding, detail?: string): Reason {
  const words = known[finding.kind] ?? other;
  const parts = [
    finding.sentence === '' ? words.text : finding.sentence,
    detail,
    numbersOf(finding),
    ...finding.evidence.slice(0, 2).map(spanOf),
    finding.wouldPass === undefined ? undefined : `Would pass: ${finding.wouldPass}`,
  ];
  const text = parts.filter((part) => part !== undefined && part !== '').join(' ');
  return { code: finding.kind, text: cut(text), ...passing(words), detector: finding.detector, findingId: finding.id };
}

function passing(words: Words): { readonly wouldPass?: string } {
  return words.wouldPass === '' ? {} : { wouldPass: words.wouldPass };
}

function numbersOf({ pValue, sampleSize }: Finding): string | undefined {
  if (pValue === undefined) return undefined;
  const shown = pValue < 0.001 ? pValue.toExponential(1) : pValue.toFixed(3);
  return `(p = ${shown}, ${sampleSize === undefined ? 'sample size not given' : `n = ${sampleSize}`})`;
}

function spanOf(evidence: Evidence): string | undefined {
  const place = [evidence.path, evidence.observationId === undefined ? undefined : `in ${evidence.observationId}`].filter((part) => part !== undefined).join(' ');
  if (evidence.text === undefined) return evidence.note ?? (place === '' ? undefined : `Source: ${place}.`);
  return `Source: ${place === '' ? 'the message' : place}, "${evidence.text}".`;
}

function cut(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax - 1)}…`;
}
