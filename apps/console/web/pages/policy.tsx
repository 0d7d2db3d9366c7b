/** The policy in force, as written. Reading only: it is changed in its file, where every change is checked before it takes effect. */
import type { PolicyPage as PolicyAnswer } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { PlainMark } from '../parts/marks.js';
import { Traffic } from '../parts/text.js';

export function PolicyPage() {
  const { value, problem } = useReading<PolicyAnswer>('/api/policy', 'status');
  return (
    <section className="page" aria-labelledby="title">
      <h1 id="title">Policy</h1>
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {value === undefined ? null : (
        <>
          <p className="lead">
            <PlainMark tone={value.mode === 'enforce' ? 'good' : 'warn'} shape={value.mode === 'enforce' ? 'check' : 'dot'} word={value.mode === 'enforce' ? 'enforcing' : 'observing only'} /> version <code><Traffic text={value.version} /></code>
          </p>
          <pre className="raw policy"><Traffic text={value.text} /></pre>
        </>
      )}
    </section>
  );
}
