/**
 * What must hold after any number of kills, asked of the witness and of history alone, never of a counter of ours.
 * CK1. [P1] What was executed is recorded: every nonce the witness synced stands in an observation of a request.
 * CK2. [P2] Nothing is missing: numbers per tap and start have no gap.
 * CK3. [P11] A query sees each record once, however often it was delivered.
 * CK4. [P5] Nothing that waits was executed without an allowing verdict of that very call, and no refund at all: nobody approved one.
 * CK5. [P3] What a client was told is true: an answered call was executed, a refused one was not.
 */
import { readFileSync } from 'node:fs';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { runCompleteness } from '@countersign/record';

const settleMsMax = 180_000;
const requests = `SELECT DISTINCT JSONExtractString(record, 'message', 'payload', 'arguments', 'nonce') AS nonce, call_id FROM observations FINAL
WHERE kind = 'message' AND phase = 'request' AND server = 'oracle' AND nonce != '' LIMIT 10000000`;
const allowed = "SELECT DISTINCT call_id FROM verdicts FINAL WHERE kind = 'allow' AND phase = 'request' AND server = 'oracle' LIMIT 10000000";
const doubled = (table) => `SELECT count() - uniqExact(domain, id) AS n FROM ${table} FINAL`;

/**
 * Waits (bounded) until history has caught up, then checks. @param {{history: object, witness: string, agents: {outcomes: Map<string, string>}[]}} what
 * @returns {Promise<{checks: {id: string, says: string, wrong: number, examples: string[]}[], figures: object}>}
 */
export async function checked({ history, witness, agents }) {
  const store = await ClickHouseHistoryStore.connect(history);
  try {
    const executed = witnessed(witness);
    const { report, byNonce } = await settled(store, executed);
    const allowedCalls = new Set((await store.query(allowed)).map((row) => row.call_id));
    const outcomes = new Map(agents.flatMap((agent) => [...agent.outcomes]));
    const names = (list) => list.map(({ nonce }) => nonce);
    const unrecorded = executed.filter(({ nonce }) => !byNonce.has(nonce));
    const unallowed = executed.filter(({ tool, nonce }) => tool === 'write_note' && !(byNonce.get(nonce) ?? []).some((call) => allowedCalls.has(call)));
    const refunds = executed.filter(({ tool }) => tool === 'refund_order');
    const ran = new Set(names(executed));
    const untrue = [...outcomes].filter(([nonce, outcome]) => (outcome === 'answered' && !ran.has(nonce)) || (outcome === 'refused' && ran.has(nonce))).map(([nonce, outcome]) => `${nonce} ${outcome}`);
    const twice = names(executed).filter((nonce, at, all) => all.indexOf(nonce) !== at);
    const seenTwice = await duplicates(store);
    return {
      figures: { executed: executed.length, observations: report.observations, epochs: report.epochs, ...counted(outcomes) },
      checks: [
        check('P1', 'executed calls that no observation records', names(unrecorded)),
        check('P2', 'observations missing between numbers', report.missing === 0 ? [] : report.incomplete.map((epoch) => JSON.stringify(epoch)), report.missing),
        check('P11', 'records a query sees twice', seenTwice, seenTwice.length),
        check('P5', 'waiting calls executed without an allowing verdict, or refunds executed unapproved', names([...unallowed, ...refunds])),
        check('P4', 'calls executed twice', twice),
        check('P3', 'answers that were not true', untrue),
      ],
    };
  } finally {
    await store.close();
  }
}

async function settled(store, executed) {
  const until = Date.now() + settleMsMax;
  for (;;) {
    const report = await runCompleteness(store);
    const byNonce = new Map();
    for (const { nonce, call_id: call } of await store.query(requests)) byNonce.set(nonce, [...(byNonce.get(nonce) ?? []), call]);
    const isWhole = report.missing === 0 && executed.every(({ nonce }) => byNonce.has(nonce));
    if (isWhole || Date.now() > until) return { report, byNonce };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function duplicates(store) {
  const found = [];
  for (const table of ['observations', 'findings', 'verdicts', 'decisions']) {
    const [row] = await store.query(doubled(table));
    if (Number(row?.n) !== 0) found.push(`${row?.n} in ${table}`);
  }
  return found;
}

function witnessed(file) {
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

function counted(outcomes) {
  const figures = { answered: 0, refused: 0, lost: 0 };
  for (const outcome of outcomes.values()) figures[outcome] += 1;
  return figures;
}

function check(id, says, examples, wrong = examples.length) {
  return { id, says, wrong, examples: examples.slice(0, 10) };
}
