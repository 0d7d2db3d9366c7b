/** All keys, as a dialog that Esc closes. */
import { useEffect, useRef } from 'react';

const keys = [
  ['J, K', 'next, previous call'],
  ['N', 'the newest call'],
  ['Enter', 'go to the card; never approves'],
  ['A', 'approve: asks you to confirm'],
  ['Y', 'confirm the approval, once it is asked'],
  ['D', 'deny: opens the message to the agent'],
  ['Ctrl or ⌘ + Enter', 'send the denial, from the message'],
  ['Esc', 'step back without deciding'],
  ['?', 'this list'],
] as const;

export function KeyHelp({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className="sheet" aria-labelledby="keys" onClose={onClose}>
      <h2 id="keys">Keys</h2>
      <dl className="keys">
        {keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">A key held down counts once. For 0.8 s after another call came under your hand, no key decides.</p>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
