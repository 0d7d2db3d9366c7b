/** Tools as their servers describe them, pinned at first sight; a changed description is shown word by word. */
import { wordDiff } from '../../src/shared/word-diff.js';
import type { ToolRow } from '../../src/shared/api.js';
import { useReading } from '../news.js';
import { ConfirmedAction } from '../parts/confirmed-action.js';
import { PlainMark } from '../parts/marks.js';
import { Traffic } from '../parts/text.js';
import { When } from '../parts/time.js';

export function ToolsPage() {
  const { value, problem, again } = useReading<readonly ToolRow[]>('/api/tools', 'history');
  const changed = (value ?? []).filter(({ pendingChange }) => pendingChange);
  const servers = [...new Set((value ?? []).map(({ server }) => server))].sort();
  return (
    <section className="page" aria-labelledby="title">
      <h1 id="title">Tools</h1>
      {problem === undefined ? null : <p className="problem" role="alert">{problem}</p>}
      {value?.length === 0 ? <p className="empty">No server has listed its tools yet.</p> : null}
      {changed.map((tool) => <Change key={`${tool.server}/${tool.tool}`} tool={tool} onChanged={again} />)}
      {servers.map((server) => <Server key={server} server={server} tools={(value ?? []).filter((tool) => tool.server === server)} />)}
    </section>
  );
}

function Change({ tool, onChanged }: { readonly tool: ToolRow; readonly onChanged: () => void }) {
  const change = tool.pendingChange;
  if (!change) return null;
  return (
    <article className="sheet change">
      <p><PlainMark tone="bad" shape="triangle" word="changed under you" /> <span className="quiet"><When atMs={change.atMs} /></span></p>
      <h2><Traffic text={tool.tool} /> <span className="quiet"><Traffic text={tool.server} /></span></h2>
      <p className="say"><Traffic text={change.sentence} /></p>
      <Diff tool={tool} />
      <ConfirmedAction
        label="Approve the changed tool"
        consequence={`The new description of ${tool.tool} becomes the pinned one, and calls to it are judged by it from now on.`}
        path="/api/tools/approve-pin"
        body={{ server: tool.server, tool: tool.tool, digest: change.digest }}
        done={`The changed description of ${tool.tool} is approved.`}
        onDone={onChanged}
      />
    </article>
  );
}

function Diff({ tool: { definitions } }: { readonly tool: ToolRow }) {
  const [now, before] = definitions;
  if (!now || !before) return null;
  return (
    <pre className="diff">
      {wordDiff(before.text, now.text).map((piece, index) =>
        piece.kind === 'same' ? <Traffic key={index} text={piece.text} /> : piece.kind === 'added' ? <ins key={index}><span className="unseen">added: </span><Traffic text={piece.text} /></ins> : <del key={index}><span className="unseen">removed: </span><Traffic text={piece.text} /></del>,
      )}
    </pre>
  );
}

function Server({ server, tools }: { readonly server: string; readonly tools: readonly ToolRow[] }) {
  return (
    <section className="server">
      <h2><Traffic text={server} /></h2>
      <ul className="tools">
        {tools.map((tool) => (
          <li key={tool.tool}>
            <details>
              <summary>
                <strong><Traffic text={tool.tool} /></strong>
                <Pin tool={tool} />
                <span className="number quiet">{tool.calls === 1 ? '1 call' : `${tool.calls} calls`}{tool.stops > 0 ? `, ${tool.stops} stopped` : ''}</span>
              </summary>
              {tool.definitions[0] ? <p className="quiet">This description first seen <When atMs={tool.definitions[0].firstSeenAtMs} />, last <When atMs={tool.definitions[0].lastSeenAtMs} /></p> : null}
              {tool.definitions.length > 1 ? <Diff tool={tool} /> : tool.definitions[0] ? <pre className="raw"><Traffic text={tool.definitions[0].text} charsMax={8_000} /></pre> : <p className="quiet">The server has not described this tool to a tap.</p>}
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Pin({ tool }: { readonly tool: ToolRow }) {
  if (tool.pendingChange) return <PlainMark tone="bad" shape="triangle" word="changed, held" />;
  if (tool.definitions.length === 0) return <PlainMark tone="warn" shape="gone" word="never described" />;
  if (tool.definitions.length > 1) return <PlainMark tone="warn" shape="pen" word="changed before" />;
  return <PlainMark tone="good" shape="check" word="pinned" />;
}
