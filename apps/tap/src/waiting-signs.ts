/**
 * What a client hears of its call while people decide: once where they do, then signs of life.
 * WS1. Nothing is said in the first `tellAfterMs`: most decisions are quicker than a dialog.
 * WS2. A legacy client that declared elicitation has its person told, once per call. The person can let it wait, or give it up; that is no
 *      approval, whatever the answer says.
 * WS3. A client that watches the progress of its call sees some, every `signMs`.
 * WS4. When the hold ends the dialog is taken back, and no timer is left.
 */
import { cancelledNotification, elicitationOf, elicitationRequest, progressNotification, type ClientAbilities, type Era, type Waiting } from '@countersign/wire';
import type { House } from './house.js';
import type { ToSender } from './passage.js';

export const tellAfterMs = 10_000;
const signMs = 10_000;

/** How the client of a call can be reached while it waits, and made to come back afterwards. */
export interface ClientReach {
  readonly abilities: ClientAbilities;
  readonly era: Era;
  readonly toSender: ToSender | undefined;
  /** JSON value of the request's `progressToken`. */
  readonly progressToken: string | number | undefined;
  /** Legacy: the client asked for a task. */
  readonly wantsTask: boolean;
}

export interface SignsOf {
  readonly house: House;
  readonly client: ClientReach;
  readonly waiting: Waiting;
  readonly giveUp: () => void;
  /** What the tap says is in the record like everything a client sees. */
  readonly record: (bytes: Uint8Array) => void;
}

/** Begins to give signs. @returns what ends them. */
export function beginSigns(signs: SignsOf): () => void {
  const { house, client: { toSender, progressToken }, record } = signs;
  if (toSender === undefined) return () => undefined;
  let step = 0;
  let dialog: string | undefined;
  let isOver = false;
  const say = (bytes: Uint8Array): boolean => {
    const isSaid = toSender(bytes);
    if (isSaid) record(bytes);
    return isSaid;
  };
  let cancel = house.clock.after(tellAfterMs, () => {
    dialog = tellOnce(signs, say);
    sign();
  });
  const sign = (): void => {
    if (isOver) return;
    if (progressToken !== undefined) say(progressNotification(progressToken, (step += 1)));
    cancel = house.clock.after(signMs, sign);
  };
  return () => {
    isOver = true;
    cancel();
    if (dialog !== undefined && house.ownAsks.take(dialog) !== undefined) say(cancelledNotification(dialog));
  };
}

/** @returns the id of the dialog that was opened. */
function tellOnce({ house, client: { abilities, era }, waiting, giveUp }: SignsOf, say: (bytes: Uint8Array) => boolean): string | undefined {
  const mode = elicitationMode(abilities, waiting);
  if (era.era === 'modern' || mode === undefined) return undefined;
  const rpcId = house.ownAsks.open(waiting.ticket, giveUp);
  if (rpcId === undefined) return undefined;
  if (say(elicitationRequest(rpcId, elicitationOf(waiting, mode)))) return rpcId;
  house.ownAsks.take(rpcId);
  return undefined;
}

/** A page is better than a form, where there is one and the client can open it. */
export function elicitationMode({ elicitForm, elicitUrl }: ClientAbilities, { url }: Waiting): 'url' | 'form' | undefined {
  if (elicitUrl && url !== undefined) return 'url';
  return elicitForm ? 'form' : undefined;
}
