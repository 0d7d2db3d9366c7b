/** The card in hand: the fields that the vote's digest is over, in reading order, and under them the decision. */
import { useRef, useState } from 'react';
import type { ApprovalCard } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { useSeenLongEnough } from '../parts/guard.js';
import { OutcomeMark, TierMark } from '../parts/marks.js';
import { CardText, Traffic } from '../parts/text.js';
import { Countdown, useNowMs, When } from '../parts/time.js';
import { goTo } from '../route.js';
import { CallShown } from './call-shown.js';
import { Decide } from './decide.js';

interface PanelProps {
  readonly id: string | undefined;
  readonly onDecided: () => void;
}

export function ApprovalPanel({ id, onDecided }: PanelProps) {
  const { value: card, problem, again } = useReading<ApprovalCard>(id === undefined ? undefined : `/api/approvals/${encodeURIComponent(id)}`, 'approvals');
  const isSeen = useSeenLongEnough(card?.displayDigest);
  const decided = () => {
    again();
    onDecided();
  };
  if (problem !== undefined && !card) return <section className="card"><p className="problem" role="alert">{problem}</p></section>;
  if (!card) return <section className="card card-blank">{id === undefined ? <p className="empty">Choose a call on the left.</p> : null}</section>;
  return (
    <section className={`card card-${card.state}`} id="card" tabIndex={-1} aria-labelledby="sentence" key={card.id}>
      <button type="button" className="link back" onClick={() => goTo({ page: 'approvals' })}>
        ← All calls
      </button>
      <CardHead card={card} />
      <CardBody card={card} isSeen={isSeen} onDecided={decided} />
    </section>
  );
}

function CardHead({ card }: { readonly card: ApprovalCard }) {
  return (
    <div className="card-head">
      <p className="card-marks">
        <TierMark tier={card.tier} />
        <span>{{ yes: 'can be undone', unlikely: 'can hardly be undone', no: 'cannot be undone' }[card.card.reversible]}</span>
        {card.card.quorum > 1 ? <span>{card.votes.filter(({ outcome }) => outcome === 'approved').length} of {card.card.quorum} approvals</span> : null}
        <span className="card-time">
          {card.state === 'open' ? (
            <>
              <Countdown deadlineAtMs={card.deadlineAtMs} /> <span className="quiet">then denied</span>
            </>
          ) : (
            <OutcomeMark word={card.outcome.word} />
          )}
        </span>
      </p>
      <h2 id="sentence" className="sentence">
        <CardText text={card.card.sentence} />
      </h2>
      {card.card.warnings.map((warning) => (
        <p key={warning} className="warning">
          <CardText text={warning} />
        </p>
      ))}
    </div>
  );
}

function CardBody({ card, isSeen, onDecided }: { readonly card: ApprovalCard; readonly isSeen: boolean; readonly onDecided: () => void }) {
  const [isOpened, setOpened] = useState(false);
  const nowMs = useNowMs();
  const noted = useRef<HTMLDivElement>(null);
  const hiddenBytes = card.card.arguments.reduce((sum, argument) => sum + argument.hiddenBytes, 0);
  const mustOpen = card.tier === 'critical' && (hiddenBytes > 0 || card.card.argumentsHidden > 0) && !isOpened;
  return (
    <div ref={noted}>
      <CallShown card={card} onOpened={() => setOpened(true)} />
      <Why card={card} />
      <Origins card={card} />
      <Identity card={card} />
      {card.state === 'open' && nowMs < card.deadlineAtMs ? (
        <Decide key={card.displayDigest} card={card} isSeen={isSeen} mustOpen={mustOpen} onDecided={onDecided} />
      ) : (
        <Ending card={card} />
      )}
    </div>
  );
}

function Why({ card }: { readonly card: ApprovalCard }) {
  return (
    <section aria-labelledby="why">
      <h3 id="why">Why you are asked</h3>
      <ul className="reasons">
        {card.card.why.map((reason, index) => (
          <li key={index}>
            <span className="code"><CardText text={reason.code} /></span>
            <CardText text={reason.text} />
            {card.wouldPass[index] ? <span className="would-pass">Would pass without asking: <Traffic text={card.wouldPass[index]} /></span> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Origins({ card }: { readonly card: ApprovalCard }) {
  if (card.card.origins.length === 0) return null;
  return (
    <section aria-labelledby="origins">
      <h3 id="origins">Where each argument came from</h3>
      <table className="origins">
        <tbody>
          {card.card.origins.map(({ argument, origin, untrusted }, index) => (
            <tr key={index} className={untrusted ? 'untrusted' : ''}>
              <th scope="row"><CardText text={argument} /></th>
              <td>
                {untrusted ? <strong>untrusted </strong> : null}
                <CardText text={origin} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Identity({ card }: { readonly card: ApprovalCard }) {
  return (
    <dl className="facts">
      <div><dt>Agent</dt><dd><CardText text={card.card.agent} /> ({<CardText text={card.card.role} />})</dd></div>
      <div>
        <dt>Session</dt>
        <dd>
          <button type="button" className="link" onClick={() => goTo({ page: 'sessions', open: card.sessionKey })}>
            <CardText text={card.card.session} />
          </button>
        </dd>
      </div>
      <div><dt>Asked</dt><dd><When atMs={card.openedAtMs} />, {card.card.groups.length === 0 ? 'anyone' : <CardText text={card.card.groups.join(', ')} />}</dd></div>
      <div><dt>Policy</dt><dd><CardText text={card.card.policyVersion} /></dd></div>
      <div><dt>Digest</dt><dd><code title={card.actionDigest}>{card.card.digestShown}</code></dd></div>
    </dl>
  );
}

function Ending({ card }: { readonly card: ApprovalCard }) {
  return (
    <section className="ending" aria-label="Outcome">
      <p>
        <OutcomeMark word={card.outcome.word} /> {card.outcome.sentence}
        {card.closedAtMs === undefined ? null : <span className="quiet"> <When atMs={card.closedAtMs} /></span>}
      </p>
      {card.votes.map((vote) => (
        <p key={vote.person} className="signature">
          <span className="signed">{vote.person}</span> {vote.outcome} <When atMs={vote.atMs} />
          {vote.message === undefined ? null : <q><Traffic text={vote.message} /></q>}
        </p>
      ))}
    </section>
  );
}
