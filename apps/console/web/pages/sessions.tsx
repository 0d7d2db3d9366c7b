/** Sessions, and every call of the one that is open. */
import { useRef, useState } from 'react';
import type { SessionPage as SessionAnswer, SessionRow } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { useKeys } from '../parts/keys.js';
import { SeverityMark } from '../parts/marks.js';
import { Traffic } from '../parts/text.js';
import { When } from '../parts/time.js';
import { goTo } from '../route.js';
import { CallLine } from './call-line.js';

export function SessionsPage({ open }: { readonly open: string | undefined }) {
  return open === undefined ? <SessionList /> : <OneSession sessionKey={open} />;
}

function SessionList() {
  const { value, problem } = useReading<readonly SessionRow[]>('/api/sessions', 'history');
  const [filter, setFilter] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => field.current?.focus() });
  const wanted = filter.trim().toLowerCase();
  const shown = (value ?? []).filter(({ name, task, agent, servers }) => [name, task ?? '', agent.name, agent.role, ...servers].some((text) => text.toLowerCase().includes(wanted)));
  return (
    <section className="page" aria-labelledby="title">
      <div className="page-head">
        <h1 id="title">Sessions</h1>
        <label className="filter">
          <span className="unseen">Filter by agent, server, task or session</span>
          <input ref={field} type="search" placeholder="Filter  /" value={filter} onChange={(event) => setFilter(event.target.value)} />
        </label>
      </div>
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {value && shown.length === 0 ? <p className="empty">{value.length === 0 ? 'No agent has been seen yet. Wrap an MCP server with `countersign tap` and its sessions appear here.' : 'No session matches the filter.'}</p> : null}
      {shown.length === 0 ? null : <SessionTable sessions={shown} />}
    </section>
  );
}

function SessionTable({ sessions }: { readonly sessions: readonly SessionRow[] }) {
  return (
    <table className="ledger">
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">Session</th>
          <th scope="col">Servers</th>
          <th scope="col" className="number">Calls</th>
          <th scope="col" className="number">Stopped</th>
          <th scope="col" className="number">Asked</th>
          <th scope="col">Gravest finding</th>
          <th scope="col">Last call</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((session) => (
          <tr key={session.key} className={session.stops > 0 ? 'has-stops' : ''}>
            <td data-label="Agent"><strong><Traffic text={session.agent.name} /></strong> <span className="quiet"><Traffic text={session.agent.role} /></span></td>
            <td data-label="Session">
              <button type="button" className="link" onClick={() => goTo({ page: 'sessions', open: session.key })}><Traffic text={session.task ?? session.name} charsMax={session.task === undefined ? 28 : 60} /></button>
            </td>
            <td data-label="Servers"><Traffic text={session.servers.join(', ')} charsMax={60} /></td>
            <td data-label="Calls" className="number">{session.calls}</td>
            <td data-label="Stopped" className={`number${session.stops > 0 ? ' tone-bad' : ' quiet'}`}>{session.stops}</td>
            <td data-label="Asked" className={`number${session.stepUps > 0 ? ' tone-ask' : ' quiet'}`}>{session.stepUps}</td>
            <td data-label="Gravest finding"><SeverityMark severity={session.worst} /></td>
            <td data-label="Last call"><When atMs={session.lastAtMs} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OneSession({ sessionKey }: { readonly sessionKey: string }) {
  const { value, problem } = useReading<SessionAnswer>(`/api/sessions/${encodeURIComponent(sessionKey)}`, 'history');
  return (
    <section className="page" aria-labelledby="title">
      <button type="button" className="link" onClick={() => goTo({ page: 'sessions' })}>
        ← All sessions
      </button>
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {value === undefined ? null : (
        <>
          <h1 id="title"><Traffic text={value.session.agent.name} /> <span className="quiet"><Traffic text={value.session.agent.role} /></span></h1>
          {value.session.task === undefined ? null : <p className="asked">Asked by the user: “<Traffic text={value.session.task} charsMax={400} />”</p>}
          <p className="lead">
            Session <code><Traffic text={value.session.name} charsMax={48} /></code> · {value.session.calls === 1 ? '1 call' : `${value.session.calls} calls`}, {value.session.stops} stopped ·{' '}
            <When atMs={value.session.startedAtMs} /> to <When atMs={value.session.lastAtMs} />
          </p>
          {value.session.calls > value.calls.length ? <p className="warning">The first {value.calls.length} calls are shown.</p> : null}
          <ol className="calls">{value.calls.map((call) => <CallLine key={call.callId} call={call} />)}</ol>
        </>
      )}
    </section>
  );
}
