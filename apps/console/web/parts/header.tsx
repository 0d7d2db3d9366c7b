/** Brand, the six pages, and one line on how things stand. */
import { useEffect } from 'react';
import type { StatusLine } from '../../src/shared/api.js';
import { signOut } from '../ask.js';
import { useConnection, useReading } from '../news.js';
import { goTo, pages, type Page } from '../route.js';
import { Icon } from './marks.js';
import { setClock } from './time.js';

const titles: Record<Page, string> = { approvals: 'Approvals', sessions: 'Sessions', agents: 'Agents', tools: 'Tools', quarantine: 'Quarantine', policy: 'Policy' };

export function Header({ page }: { readonly page: Page }) {
  const { value: status } = useReading<StatusLine>('/api/status', 'status');
  useEffect(() => {
    if (status) setClock(status.nowMs);
    document.title = `${status && status.pending > 0 ? `(${status.pending}) ` : ''}${titles[page]} · Countersign`;
  }, [status, page]);
  return (
    <header className="top">
      <div className="top-in">
        <span className="brand">
          <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
            <path className="brand-first" d="M5 17.5l4.8 4.8L18 9.4" />
            <path className="brand-second" d="M13.6 20.2l2.1 2.1L26 9.4" />
          </svg>
          Countersign
        </span>
        <nav aria-label="Pages">
          {pages.map((name) => (
            <a
              key={name}
              href={`/${name}`}
              aria-current={name === page ? 'page' : undefined}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                goTo({ page: name });
              }}
            >
              {titles[name]}
              {name === 'approvals' && status && status.pending > 0 ? <span className="count" aria-label={`${status.pending} waiting`}>{status.pending}</span> : null}
            </a>
          ))}
        </nav>
        <Standing status={status} />
      </div>
    </header>
  );
}

function Standing({ status }: { readonly status: StatusLine | undefined }) {
  const connection = useConnection();
  return (
    <div className="standing">
      <span className={`live live-${connection}`} title={connection === 'live' ? 'This page follows what happens.' : 'The stream of news is broken; the page tries again by itself.'}>
        <Icon shape={connection === 'live' ? 'dot' : 'pause'} />
        {connection === 'live' ? 'live' : connection === 'lost' ? 'reconnecting' : 'connecting'}
      </span>
      {status ? (
        <>
          <span className="wide-only">{status.taps === 1 ? '1 tap' : `${status.taps} taps`}</span>
          <span>{status.stopsToday} stopped<span className="wide-only"> today</span></span>
          <span className={status.mode === 'observe' ? 'tone-warn' : 'wide-only'} title={status.mode === 'observe' ? 'Verdicts are recorded; nothing is stopped.' : 'Verdicts are carried out.'}>
            {status.mode === 'observe' ? 'observing only' : 'enforcing'}
          </span>
          <button type="button" className="link" onClick={() => void signOut()} title={`Signed in as ${status.person}`}>
            Sign out
          </button>
        </>
      ) : null}
    </div>
  );
}
