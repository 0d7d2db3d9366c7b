/**
 * An approval as the page shows it.
 * AV1. A pure function of the stored approval and the time: what is on the card is what its digests are about.
 * AV2. Approved and sent are two outcomes: a call that was approved and never ran is said to be so.
 */
import { renderCard, type Approval, type Card } from '@countersign/approval';
import { sessionKeyOf } from '../records/session-key.js';
import type { ApprovalCard, ApprovalSummary, Outcome } from '../shared/api.js';

const targetCharsMax = 80;

export function summaryOf(approval: Approval, nowMs: number, card: Card = renderCard(approval)): ApprovalSummary {
  const { id, tier, impact, openedAtMs, deadlineAtMs, state } = approval;
  const target = targetOf(card);
  return {
    id, tier, impact, openedAtMs, deadlineAtMs, state,
    server: card.server, tool: card.tool, sentence: card.sentence,
    agent: { name: card.agent, role: card.role },
    outcome: outcomeOf(approval, nowMs),
    ...(target === undefined ? {} : { target }),
    ...(approval.cause === undefined ? {} : { cause: approval.cause }),
    ...(approval.closedAtMs === undefined ? {} : { closedAtMs: approval.closedAtMs }),
  };
}

export function cardOf(approval: Approval, nowMs: number): ApprovalCard {
  const card = renderCard(approval);
  const { votes, actionDigest, displayDigest, argumentsJson, reasons } = approval;
  return { ...summaryOf(approval, nowMs, card), card, wouldPass: reasons.map((reason) => reason.wouldPass ?? ''), sessionKey: sessionKeyOf(approval), argumentsJson, votes, actionDigest, displayDigest };
}

/** For the list only: a recipient, address or path beats a first argument. */
function targetOf({ arguments: shown }: Card): string | undefined {
  const target = (['mail', 'url', 'path'] as const).map((kind) => shown.find((argument) => argument.kind === kind)).find(Boolean) ?? shown[0];
  return target && (target.text.length > targetCharsMax ? `${target.text.slice(0, targetCharsMax)}…` : target.text);
}

function outcomeOf(approval: Approval, nowMs: number): Outcome {
  switch (approval.state) {
    case 'open':
      return nowMs < approval.deadlineAtMs ? { word: 'waiting', sentence: 'Waits for a person.' } : { word: 'expired', sentence: 'Time is up: the call is denied.' };
    case 'approved':
      return approvedOutcome(approval.heldEnd);
    case 'denied':
      return { word: 'denied', sentence: `Denied by ${approval.votes.find(({ outcome }) => outcome === 'denied')?.person ?? 'a person'}. The call was never sent.` };
    case 'expired':
      return approval.cause === 'withdrawn'
        ? { word: 'withdrawn', sentence: 'The agent gave up before anyone decided. The call was never sent.' }
        : { word: 'expired', sentence: 'Nobody decided in time, which denies. The call was never sent.' };
  }
}

function approvedOutcome(heldEnd: string | undefined): Outcome {
  if (heldEnd === undefined) return { word: 'approved', sentence: 'Approved. The tap has not reported yet what became of the call.' };
  if (heldEnd === 'forwarded') return { word: 'sent', sentence: 'Approved, and the tap sent the call to the server.' };
  return { word: 'not-executed', sentence: `Approved, not executed: the call ended as “${heldEnd}” before the approval reached it.` };
}
