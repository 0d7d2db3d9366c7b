/**
 * Calls that wait for a person, the one in hand, and what became of the last ones.
 * The selection is the reader's: news add to the list and never move it.
 */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ApprovalsPage as ApprovalsAnswer, ApprovalSummary } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { useAnnounce } from '../parts/announcer.js';
import { useKeys } from '../parts/keys.js';
import { OutcomeMark, TierMark } from '../parts/marks.js';
import { CardText } from '../parts/text.js';
import { Countdown, setClock, When } from '../parts/time.js';
import { goTo } from '../route.js';
import { ApprovalPanel } from './approval-panel.js';
import { KeyHelp } from './key-help.js';

const none: readonly ApprovalSummary[] = [];

export function ApprovalsPage({ open }: { readonly open: string | undefined }) {
  const { value, problem, again } = useReading<ApprovalsAnswer>('/api/approvals', 'approvals');
  const pending = value?.pending ?? none;
  const closed = value?.closed ?? none;
  const [isHelpOpen, setHelpOpen] = useState(false);
  const all = useMemo(() => [...pending, ...closed], [pending, closed]);
  useEffect(() => {
    if (value) setClock(value.nowMs);
  }, [value]);
  useAnnounceChanges(value);
  useFirstSelection(open, pending);
  const step = (by: number) => {
    const at = all.findIndex(({ id }) => id === open);
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
    if (next) goTo({ page: 'approvals', open: next.id }, 'replace');
  };
  useKeys({ j: () => step(1), k: () => step(-1), n: () => newest(pending), enter: () => document.getElementById('card')?.focus(), '?': () => setHelpOpen(true) });
  return (
    <div className={`desk${open === undefined ? '' : ' desk-open'}`}>
      <section className="queue" aria-labelledby="waiting">
        <h1 id="waiting">
          Approvals <span className="quiet">{value ? `${pending.length} waiting` : ''}</span>
        </h1>
        {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
        {value && pending.length === 0 ? <p className="empty">Nothing waits. A call that needs a person appears here by itself.</p> : null}
        <Rows approvals={pending} open={open} />
        {closed.length === 0 ? null : <h2>Recently closed</h2>}
        <Rows approvals={closed} open={open} />
        <p className="hint">
          <kbd>J</kbd> <kbd>K</kbd> next, previous · <kbd>A</kbd> approve · <kbd>D</kbd> deny ·{' '}
          <button type="button" className="link" onClick={() => setHelpOpen(true)}>
            all keys <kbd>?</kbd>
          </button>
        </p>
      </section>
      <ApprovalPanel id={open} onDecided={again} />
      <KeyHelp isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  );
}

function Rows({ approvals, open }: { readonly approvals: readonly ApprovalSummary[]; readonly open: string | undefined }) {
  return (
    <ul className="rows">
      {approvals.map((approval) => (
        <li key={approval.id}>
          <button type="button" className="row" aria-current={approval.id === open ? 'true' : undefined} onClick={() => goTo({ page: 'approvals', open: approval.id })}>
            <span className="row-head">
              <TierMark tier={approval.tier} />
              {approval.state === 'open' ? <Countdown deadlineAtMs={approval.deadlineAtMs} /> : <OutcomeMark word={approval.outcome.word} />}
            </span>
            <span className="row-title">
              <CardText text={approval.tool} />
              {approval.target === undefined ? null : (
                <>
                  {' '}
                  <span className="target"><CardText text={approval.target} /></span>
                </>
              )}
            </span>
            <span className="row-foot">
              <CardText text={approval.agent.name} /> · <CardText text={approval.server} /> · <When atMs={approval.closedAtMs ?? approval.openedAtMs} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function newest(pending: readonly ApprovalSummary[]): void {
  const last = [...pending].sort((a, b) => b.openedAtMs - a.openedAtMs)[0];
  if (last) goTo({ page: 'approvals', open: last.id }, 'replace');
}

/** On a wide screen something should be in hand at once; on a narrow one the list comes first. */
function useFirstSelection(open: string | undefined, pending: readonly ApprovalSummary[]): void {
  useEffect(() => {
    const first = pending[0];
    if (open === undefined && first && window.matchMedia('(min-width: 900px)').matches) goTo({ page: 'approvals', open: first.id }, 'replace');
  }, [open, pending]);
}

function useAnnounceChanges(value: ApprovalsAnswer | undefined): void {
  const announce = useAnnounce();
  const known = useRef<ReadonlyMap<string, string> | undefined>(undefined);
  useEffect(() => {
    if (!value) return;
    const now = new Map([...value.pending, ...value.closed].map(({ id, outcome }) => [id, outcome.word]));
    const before = known.current;
    known.current = now;
    if (!before) return;
    const arrived = value.pending.filter(({ id }) => !before.has(id));
    const ended = value.closed.filter(({ id, outcome }) => before.has(id) && before.get(id) !== outcome.word);
    if (arrived[0]) announce(arrived.length === 1 ? `A call waits for you: ${arrived[0].sentence}` : `${arrived.length} more calls wait for you.`);
    else if (ended[0]) announce(`${ended[0].tool}: ${ended[0].outcome.sentence}`);
  }, [value, announce]);
}
