/** A button that changes what agents may do: first press asks, second decides, Esc goes back. */
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { post } from '../ask.js';
import { useAnnounce } from './announcer.js';
import { useSeenLongEnough } from './guard.js';

interface ConfirmedActionProps {
  readonly label: string;
  /** What will be true afterwards; read before deciding. */
  readonly consequence: string;
  readonly path: string;
  readonly body: Readonly<Record<string, string>>;
  readonly done: string;
  readonly onDone: () => void;
}

export function ConfirmedAction({ label, consequence, path, body, done, onDone }: ConfirmedActionProps) {
  const [isAsking, setAsking] = useState(false);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isSeen = useSeenLongEnough(isAsking ? JSON.stringify(body) : undefined);
  const announce = useAnnounce();
  const group = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isAsking) group.current?.focus();
  }, [isAsking]);
  const decide = () => {
    if (!isSeen || isSending) return;
    setSending(true);
    post(path, body)
      .then(() => announce(done), (error: unknown) => setProblem(error instanceof Error ? error.message : 'It could not be sent.'))
      .finally(() => {
        setSending(false);
        setAsking(false);
        onDone();
      });
  };
  if (!isAsking) {
    return (
      <>
        <button type="button" onClick={() => setAsking(true)}>{label}…</button>
        {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      </>
    );
  }
  return (
    <div ref={group} role="group" aria-label={label} tabIndex={-1} className="stage" onKeyDown={(event: KeyboardEvent) => event.key === 'Escape' && setAsking(false)}>
      <p>{consequence}</p>
      <div className="choose">
        <button type="button" onClick={() => setAsking(false)}>Back <kbd>Esc</kbd></button>
        <button type="button" className="approve" aria-disabled={!isSeen || isSending} onClick={decide}>{label}</button>
      </div>
    </div>
  );
}
