/** Results that were withheld from agents, and their release. */
import type { QuarantineRow } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { ConfirmedAction } from '../parts/confirmed-action.js';
import { PlainMark } from '../parts/marks.js';
import { Traffic } from '../parts/text.js';
import { When } from '../parts/time.js';
import { goTo } from '../route.js';
import { Evidence } from './call-line.js';

export function QuarantinePage() {
  const { value, problem, again } = useReading<readonly QuarantineRow[]>('/api/quarantine', 'history');
  return (
    <section className="page" aria-labelledby="title">
      <h1 id="title">Quarantine</h1>
      <p className="lead">Tool results that were found poisoned. The agent got an error with the id instead; the result itself never reached it.</p>
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {value?.length === 0 ? <p className="empty">Nothing is withheld.</p> : null}
      <ul className="stack">
        {(value ?? []).map((row) => <Withheld key={row.id} row={row} onReleased={again} />)}
      </ul>
    </section>
  );
}

function Withheld({ row, onReleased }: { readonly row: QuarantineRow; readonly onReleased: () => void }) {
  return (
    <li className="sheet withheld">
      <p>
        {row.released ? <PlainMark tone="quiet" shape="check" word="released" /> : <PlainMark tone="bad" shape="octagon" word="withheld" />}
        <code><Traffic text={row.id} /></code> <span className="quiet"><When atMs={row.atMs} /></span>
      </p>
      <h2><Traffic text={row.tool} /> <span className="quiet"><Traffic text={row.server} />, for <Traffic text={row.agent.name} /></span></h2>
      <ul className="reasons">
        {row.reasons.map((reason, index) => (
          <li key={index}>
            <span className="code"><Traffic text={reason.code} /></span>
            <Traffic text={reason.text} />
          </li>
        ))}
      </ul>
      {row.evidence.map((evidence, index) => <Evidence key={index} {...evidence} />)}
      <p><button type="button" className="link" onClick={() => goTo({ page: 'sessions', open: row.session.key })}>The session it happened in</button></p>
      {row.released ? (
        <p className="signature"><span className="signed">{row.released.by}</span> released it <When atMs={row.released.atMs} /></p>
      ) : (
        <ConfirmedAction
          label="Release"
          consequence="The same content will reach agents from now on, wherever it is read again. What it carries still counts as untrusted."
          path="/api/quarantine/release"
          body={{ quarantineId: row.id }}
          done={`${row.id} is released.`}
          onDone={onReleased}
        />
      )}
    </li>
  );
}
