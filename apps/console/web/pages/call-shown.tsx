/** The exact call: one line per value, and on request the whole text of the arguments as it was held. */
import type { ApprovalCard } from '../../src/shared/api.js';
import { CardText, Traffic } from '../parts/text.js';

export function CallShown({ card, onOpened }: { readonly card: ApprovalCard; readonly onOpened: () => void }) {
  const { card: shown, argumentsJson } = card;
  return (
    <section aria-labelledby="call">
      <h3 id="call">
        The exact call <span className="quiet"><CardText text={shown.server} />/<CardText text={shown.tool} /></span>
      </h3>
      {shown.uninspectable ? (
        <p className="warning">The arguments cannot be shown: uninspectable, {new Blob([argumentsJson]).size} bytes. Treat them as the worst they could be.</p>
      ) : (
        <table className="arguments">
          <tbody>
            {shown.arguments.map(({ path, kind, text, hiddenBytes }, index) => (
              <tr key={index}>
                <th scope="row"><CardText text={path.replace(/^\$\.?/, '') || 'value'} /></th>
                <td className={`kind-${kind}`}>
                  <CardText text={text} />
                  {hiddenBytes > 0 ? <strong className="hidden-bytes"> {hiddenBytes} bytes hidden</strong> : null}
                </td>
              </tr>
            ))}
            {shown.arguments.length === 0 ? <tr><td>no arguments</td></tr> : null}
          </tbody>
        </table>
      )}
      {shown.argumentsHidden > 0 ? <p className="warning">{shown.argumentsHidden} more values are not in this table.</p> : null}
      <details onToggle={(event) => event.currentTarget.open && onOpened()}>
        <summary>Arguments as held, whole</summary>
        <pre className="raw"><Traffic text={argumentsJson === '' ? '(the arguments were not recorded)' : argumentsJson} /></pre>
      </details>
    </section>
  );
}
