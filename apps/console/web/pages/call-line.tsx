/** One call of a session: a line, and under it what was known about it. */
import type { CallRow, FindingRow, VerdictRow } from '../../src/shared/api.js';
import { PlainMark, SeverityMark, TierMark, VerdictMark } from '../parts/marks.js';
import { Traffic } from '../parts/text.js';
import { span, When } from '../parts/time.js';

export function CallLine({ call }: { readonly call: CallRow }) {
  const request = call.verdicts.find(({ phase }) => phase === 'request');
  const result = call.verdicts.find(({ phase, kind }) => phase === 'result' && kind !== 'allow');
  const loud = call.findings.filter(({ kind }) => kind !== 'nothing');
  return (
    <li className={`call-line${request && request.kind !== 'allow' && request.kind !== 'modify' ? ' call-stopped' : ''}`}>
      <details>
        <summary>
          <span className="call-when"><When atMs={call.atMs} /></span>
          <span className="call-tool"><Traffic text={call.tool} charsMax={60} /> <span className="quiet"><Traffic text={call.server} charsMax={40} /></span></span>
          <TierMark tier={call.tier} />
          <span className="call-verdict">
            {request ? <VerdictMark kind={request.kind} /> : <span className="quiet">no verdict yet</span>}
            {result ? <span className="call-result">result <VerdictMark kind={result.kind} /></span> : null}
          </span>
          <span className="number quiet call-found">{loud.length === 0 ? '' : loud.length === 1 ? '1 finding' : `${loud.length} findings`}</span>
          <span className="number quiet call-time">{timing(call)}</span>
        </summary>
        <div className="call-more">
          {call.verdicts.map((verdict) => <Verdict key={verdict.phase} verdict={verdict} />)}
          {loud.length === 0 ? <p className="quiet">The detectors found nothing to say about this call.</p> : <Findings findings={loud} />}
          <CallFacts call={call} />
        </div>
      </details>
    </li>
  );
}

function timing({ held, answeredAfterMs, verdicts }: CallRow): string {
  if (held) return `held ${span(held.heldMs)}`;
  if (answeredAfterMs !== undefined) return `answered in ${span(answeredAfterMs)}`;
  const waitedMs = verdicts[0]?.waitedMs;
  return waitedMs === undefined ? '' : `judged in ${span(waitedMs)}`;
}

function Verdict({ verdict }: { readonly verdict: VerdictRow }) {
  return (
    <section className="verdict">
      <h3>
        {verdict.phase === 'request' ? 'The call' : 'Its result'} <VerdictMark kind={verdict.kind} />
        <span className="quiet">{verdict.waitedMs === undefined ? '' : ` judged in ${span(verdict.waitedMs)}`}{verdict.mode === 'observe' ? ', recorded only (observing)' : ''}</span>
      </h3>
      {verdict.missing.length === 0 ? null : <p className="warning">Not heard in time: {verdict.missing.join(', ')}.</p>}
      <ul className="reasons">
        {verdict.reasons.map((reason, index) => (
          <li key={index}>
            <span className="code"><Traffic text={reason.code} /></span>
            <Traffic text={reason.text} />
            {reason.wouldPass === undefined ? null : <span className="would-pass">Would pass: <Traffic text={reason.wouldPass} /></span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Findings({ findings }: { readonly findings: readonly FindingRow[] }) {
  return (
    <section>
      <h3>Findings</h3>
      <ul className="findings">
        {findings.map((finding, index) => (
          <li key={index}>
            <span className="finding-head">
              <SeverityMark severity={finding.severity} />
              <span className="code"><Traffic text={`${finding.detector} · ${finding.kind}`} /></span>
              {finding.gate === undefined ? null : <PlainMark tone={finding.gate === 'deny' ? 'bad' : 'warn'} shape={finding.gate === 'deny' ? 'cross' : 'pause'} word={finding.gate === 'deny' ? 'can deny alone' : 'can hold alone'} />}
              {finding.pValue === undefined ? null : <span className="quiet">p = {finding.pValue.toPrecision(2)}{finding.sampleSize === undefined ? '' : `, n = ${finding.sampleSize}`}</span>}
            </span>
            <Traffic text={finding.sentence} />
            {finding.evidence.map((span_, at) => <Evidence key={at} {...span_} />)}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Evidence({ path, text, note }: FindingRow['evidence'][number]) {
  if (text === undefined && note === undefined) return null;
  return (
    <figure className="evidence">
      {text === undefined ? null : <blockquote><Traffic text={text} /></blockquote>}
      {path === undefined && note === undefined ? null : <figcaption>{path === undefined ? null : <code><Traffic text={path} charsMax={80} /></code>} {note === undefined ? null : <Traffic text={note} charsMax={240} />}</figcaption>}
    </figure>
  );
}

function CallFacts({ call }: { readonly call: CallRow }) {
  return (
    <dl className="facts">
      {call.task === undefined ? null : <div className="wide"><dt>Task</dt><dd><Traffic text={call.task} charsMax={600} /></dd></div>}
      {call.argumentsJson === undefined ? null : <div className="wide"><dt>Asked</dt><dd><pre className="raw"><Traffic text={call.argumentsJson} charsMax={4_000} /></pre></dd></div>}
      {call.resultJson === undefined ? null : <div className="wide"><dt>Came back</dt><dd><pre className="raw"><Traffic text={call.resultJson} charsMax={4_000} /></pre></dd></div>}
      {call.decided === undefined ? null : <div><dt>Decided</dt><dd>{call.decided.outcome} by <Traffic text={call.decided.person} />{call.decided.message === undefined ? null : <>: <Traffic text={call.decided.message} /></>}</dd></div>}
      <div><dt>Tier by</dt><dd><Traffic text={call.tierRule} /> ({call.impact})</dd></div>
      {call.held === undefined ? null : <div><dt>Held</dt><dd>{span(call.held.heldMs)}, ended as <Traffic text={call.held.end} /></dd></div>}
      {call.answeredAfterMs === undefined ? null : <div><dt>Answered</dt><dd>after {span(call.answeredAfterMs)}{call.isError ? ', as an error' : ''}</dd></div>}
      <div><dt>Call</dt><dd><code title={call.callId}>{call.callId.slice(0, 8)}</code></dd></div>
    </dl>
  );
}
