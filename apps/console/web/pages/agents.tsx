/** Who acts, how much of it was stopped, and in which attested state they are. */
import type { AgentRow } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { ConfirmedAction } from '../parts/confirmed-action.js';
import { PlainMark } from '../parts/marks.js';
import { Traffic } from '../parts/text.js';
import { When } from '../parts/time.js';

export function AgentsPage() {
  const { value, problem, again } = useReading<readonly AgentRow[]>('/api/agents', 'history');
  return (
    <section className="page" aria-labelledby="title">
      <h1 id="title">Agents</h1>
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {value?.length === 0 ? <p className="empty">No agent has been seen yet.</p> : null}
      <ul className="tiles">
        {(value ?? []).map((agent) => <Agent key={`${agent.name} ${agent.role}`} agent={agent} onChanged={again} />)}
      </ul>
    </section>
  );
}

const look = {
  attested: ['good', 'check', 'attested'],
  absent: ['quiet', 'gone', 'no attestation'],
  changed: ['bad', 'triangle', 'state changed'],
  invalid: ['bad', 'cross', 'attestation refused'],
  conflict: ['bad', 'cross', 'attestations conflict'],
  unknown: ['quiet', 'dot', 'not checked yet'],
} as const;

function Agent({ agent, onChanged }: { readonly agent: AgentRow; readonly onChanged: () => void }) {
  const { attestation } = agent;
  const [tone, shape, word] = look[attestation.state];
  return (
    <li className="tile">
      <h2><Traffic text={agent.name} /> <span className="quiet"><Traffic text={agent.role} /></span></h2>
      <dl className="figures">
        <div><dt>calls</dt><dd>{agent.calls}</dd></div>
        <div><dt>sessions</dt><dd>{agent.sessions}</dd></div>
        <div className={agent.stops > 0 ? 'tone-bad' : ''}><dt>stopped</dt><dd>{agent.stops}</dd></div>
      </dl>
      <p><PlainMark tone={tone} shape={shape} word={word} /> {attestation.atMs === undefined ? null : <span className="quiet"><When atMs={attestation.atMs} /></span>}</p>
      <p className="say"><Traffic text={attestation.sentence} /></p>
      {attestation.registrable === undefined ? null : (
        <ConfirmedAction
          label="Register this state"
          consequence={`From now on ${agent.name} is trusted in state ${attestation.registrable.slice(0, 12)}, and its sessions that were held for this change go on. Do this only if you changed the agent yourself.`}
          path="/api/agents/register"
          body={{ agent: agent.name, stateHash: attestation.registrable }}
          done={`The state of ${agent.name} is registered.`}
          onDone={onChanged}
        />
      )}
      <p className="quiet tile-foot">Last call <When atMs={agent.lastAtMs} />, first seen <When atMs={agent.firstAtMs} /></p>
    </li>
  );
}
