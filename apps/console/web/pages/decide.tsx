/**
 * Approve or deny the card in hand.
 * DC1. Approving takes two different acts: `A` (or its button), then `Y` (or the button that appears), each 0.8 s after what it is about came up.
 * DC2. Focus never starts on a deciding button, and Enter alone decides nothing.
 */
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { ApprovalCard, VoteRequest } from '../../src/shared/api.js';
import { post } from '../ask.js';
import { useAnnounce } from '../parts/announcer.js';
import { useSeenLongEnough } from '../parts/guard.js';
import { useKeys } from '../parts/keys.js';

interface DecideProps {
  readonly card: ApprovalCard;
  readonly isSeen: boolean;
  /** Something hidden has to be opened before a critical call can be approved. */
  readonly mustOpen: boolean;
  readonly onDecided: () => void;
}

type Stage = 'choose' | 'approve' | 'deny';
const cannedMessages = ['Not this recipient.', 'Ask me first, with the reason.', 'Outside the task.', 'Do this without outside data.'] as const;

export function Decide({ card, isSeen, mustOpen, onDecided }: DecideProps) {
  const [stage, setStage] = useState<Stage>('choose');
  const { send, isSending, problem } = useVote(card, onDecided);
  const cannot = mustOpen ? 'Open the hidden part of the arguments first.' : card.card.uninspectable && card.tier === 'critical' ? 'What cannot be shown cannot be approved.' : undefined;
  const start = (next: Stage) => isSeen && !isSending && (next !== 'approve' || cannot === undefined) && setStage(next);
  useKeys(stage === 'choose' ? { a: () => start('approve'), d: () => start('deny') } : { escape: () => setStage('choose') });
  return (
    <section className="decide" aria-label="Your decision">
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {stage === 'choose' ? (
        <div className="choose">
          <button type="button" className="deny" aria-disabled={!isSeen} onClick={() => start('deny')}>
            Deny… <kbd>D</kbd>
          </button>
          <button type="button" className="approve" aria-disabled={!isSeen || cannot !== undefined} onClick={() => start('approve')}>
            Approve once… <kbd>A</kbd>
          </button>
          {cannot === undefined ? null : <span className="quiet">{cannot}</span>}
        </div>
      ) : null}
      {stage === 'approve' ? <Confirm card={card} isSending={isSending} onBack={() => setStage('choose')} onConfirm={() => send({ outcome: 'approved' })} /> : null}
      {stage === 'deny' ? <Deny isSending={isSending} onBack={() => setStage('choose')} onDeny={(message) => send({ outcome: 'denied', ...(message === '' ? {} : { message }) })} /> : null}
    </section>
  );
}

function useVote(card: ApprovalCard, onDecided: () => void) {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const announce = useAnnounce();
  const send = (vote: Omit<VoteRequest, 'displayDigest'>) => {
    if (isSending) return;
    setSending(true);
    setProblem(undefined);
    post<ApprovalCard>(`/api/approvals/${encodeURIComponent(card.id)}/vote`, { ...vote, displayDigest: card.displayDigest } satisfies VoteRequest)
      .then((after) => announce(after.state === 'open' ? 'Your approval is recorded; one more person is needed.' : after.outcome.sentence))
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : 'The decision could not be sent.'))
      .finally(() => {
        setSending(false);
        onDecided();
      });
  };
  return { send, isSending, problem };
}

function Confirm({ card, isSending, onBack, onConfirm }: { readonly card: ApprovalCard; readonly isSending: boolean; readonly onBack: () => void; readonly onConfirm: () => void }) {
  const isSeen = useSeenLongEnough(`confirm ${card.displayDigest}`);
  const confirm = () => isSeen && !isSending && onConfirm();
  useKeys({ y: confirm });
  return (
    <Stage label="Confirm the approval">
      <p>
        This call, once, with exactly these arguments: <code>{card.card.digestShown}</code>
      </p>
      <p className="signature-line" aria-hidden="true" />
      <div className="choose">
        <button type="button" onClick={onBack}>
          Back <kbd>Esc</kbd>
        </button>
        <button type="button" className="approve" aria-disabled={!isSeen || isSending} onClick={confirm}>
          {isSending ? 'Signing…' : 'Yes, countersign'} <kbd>Y</kbd>
        </button>
      </div>
    </Stage>
  );
}

function Deny({ isSending, onBack, onDeny }: { readonly isSending: boolean; readonly onBack: () => void; readonly onDeny: (message: string) => void }) {
  const [message, setMessage] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const typed = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onBack();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onDeny(message.trim());
  };
  return (
    <Stage label="Deny with a message">
      <label htmlFor="message">Message to the agent; it reads this as the reason of the refusal</label>
      <textarea id="message" ref={field} rows={3} maxLength={2000} value={message} onChange={(event) => setMessage(event.target.value)} onKeyDown={typed} />
      <div className="canned">
        {cannedMessages.map((canned) => (
          <button key={canned} type="button" className="chip" onClick={() => setMessage(canned)}>
            {canned}
          </button>
        ))}
      </div>
      <div className="choose">
        <button type="button" onClick={onBack}>
          Back <kbd>Esc</kbd>
        </button>
        <button type="button" className="deny" aria-disabled={isSending} onClick={() => onDeny(message.trim())}>
          {isSending ? 'Denying…' : 'Deny the call'} <kbd>Ctrl ⏎</kbd>
        </button>
      </div>
    </Stage>
  );
}

/** Takes the focus as a group, so that it is read out and rests on no button. */
function Stage({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!group.current?.contains(document.activeElement)) group.current?.focus();
  }, []);
  return (
    <div ref={group} role="group" aria-label={label} tabIndex={-1} className="stage">
      {children}
    </div>
  );
}
