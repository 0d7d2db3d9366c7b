import type { Approval } from './approval.js';

/**
 * Where approvals are seen by people. A view: it can be rebuilt from `verdicts` and `decisions` (A8).
 * AS1. `open` of a known id changes nothing and returns the stored approval.
 * AS2. `replace` succeeds only if the stored approval still equals `expected` (compare-and-set on state, votes and heldEnd);
 *      of two racing replacements one wins, and the loser gets false.
 * AS3. What `open` or `replace` resolved survives a crash.
 * AS4. `list` returns newest first, at most `limit`.
 */
export abstract class ApprovalStore {
  abstract open(approval: Approval): Promise<Approval>;
  abstract get(id: string): Promise<Approval | undefined>;
  abstract replace(expected: Approval, next: Approval): Promise<boolean>;
  abstract list(filter: { readonly state?: Approval['state']; readonly callId?: string; readonly limit: number }): Promise<readonly Approval[]>;
  abstract close(): Promise<void>;
}
