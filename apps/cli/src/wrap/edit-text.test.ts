/** What an edit does to files as people really write them: comments, commas, tabs, CRLF, byte order marks, placeholders. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clients, type Client } from './client-table.js';
import { unwrapText, wrapText, type Edited, type FormerEntry } from './edit-text.js';
import { inFile, type Example } from './testing/example.js';
import { editors } from './testing/editors.js';
import { terminals } from './testing/terminals.js';

const tap = { program: ['countersign'], agent: 'ana', role: 'coder' };
const clientOf = (id: string): Client => {
  const client = clients.find((one) => one.id === id);
  if (client === undefined) throw new Error(`no client ${id}`);
  return client;
};
const ok = (edited: Edited): Extract<Edited, { ok: true }> => {
  if (!edited.ok) throw new Error(edited.problem);
  return edited;
};
const formerOf = (edited: Edited): FormerEntry[] => ok(edited).entries.flatMap((entry) => (entry.state === 'wrapped' ? [entry] : []));
const states = (edited: Edited): string[] => ok(edited).entries.map(({ name, state }) => `${name}: ${state}`);

describe.each([...editors, ...terminals].map(inFile))('$client, $title', ({ client, text, wrapped, entries }: Example) => {
  const shape = clientOf(client);
  const once = wrapText(text, shape, { tap });

  it('becomes exactly the expected text', () => {
    expect(ok(once).text).toBe(wrapped);
    expect(states(once)).toEqual(entries);
  });

  it('is wrapped once, however often one asks', () => {
    const twice = ok(wrapText(ok(once).text, shape, { tap }));
    expect(twice.text).toBe(wrapped);
    expect(twice.entries.filter(({ state }) => state === 'wrapped')).toEqual([]);
  });

  it('comes back byte for byte, entry by entry', () => {
    expect(ok(unwrapText(wrapped, shape, { former: formerOf(once) })).text).toBe(text);
  });
});

describe('what was changed between wrap and unwrap', () => {
  const text = '{\n  "mcpServers": {\n    "a": { "command": "npx", "args": ["-y", "pkg"] }\n  }\n}\n';
  const cursor = clientOf('cursor');
  const once = ok(wrapText(text, cursor, { tap }));

  it('stays: an argument, an entry and a comment that were added', () => {
    const changed = once.text.replace('"pkg"]', '"pkg", "--more"] /* mine */').replace('\n  }\n}', ',\n    "b": { "command": "uvx" }\n  }\n}');
    const back = ok(unwrapText(changed, cursor, { former: formerOf(once) }));
    expect(back.text).toBe('{\n  "mcpServers": {\n    "a": { "command": "npx", "args": ["-y", "pkg", "--more"] /* mine */ },\n    "b": { "command": "uvx" }\n  }\n}\n');
  });

  it('is restored from the command itself when nothing is remembered', () => {
    expect(ok(unwrapText(once.text, cursor)).text).toBe(text);
  });

  it('does not take a remembered spelling for a program that is now another', () => {
    const changed = once.text.replace('"--", "npx"', '"--", "bunx"');
    expect(ok(unwrapText(changed, cursor, { former: formerOf(once) })).text).toContain('"command": "bunx"');
  });

  it('leaves arguments alone that were put between ours', () => {
    const bare = '{"mcpServers":{"a":{"command":"srv"}}}';
    const first = ok(wrapText(bare, cursor, { tap }));
    const changed = first.text.replace(', "args"', ', "env": {}, "args"');
    expect(JSON.parse(ok(unwrapText(changed, cursor, { former: formerOf(first) })).text)).toEqual({ mcpServers: { a: { command: 'srv', env: {}, args: [] } } });
  });
});

describe('what is not edited', () => {
  const cursor = clientOf('cursor');
  it.each([
    { what: 'JSON that does not parse', text: '{"mcpServers": {', client: cursor, reason: /cannot be read as JSON.*line 1/ },
    { what: 'a member that stands there twice', text: '{"mcpServers": {}, "mcpServers": {}}', client: cursor, reason: /"mcpServers" stands there twice/ },
    { what: 'two servers of one name', text: '{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}', client: cursor, reason: /"a" stands there twice/ },
    { what: 'no object', text: '[]', client: cursor, reason: /holds no JSON object/ },
    { what: 'TOML that does not parse', text: '[mcp_servers\n', client: clientOf('codex'), reason: /cannot be read as TOML/ },
    { what: 'YAML that does not parse', text: 'extensions: {a: [}', client: clientOf('goose'), reason: /cannot be read as YAML/ },
  ])('a file with $what is refused with the reason', ({ text, client, reason }) => {
    const edited = wrapText(text, client, { tap });
    expect(edited).toMatchObject({ ok: false });
    expect(edited.ok ? '' : edited.problem).toMatch(reason);
  });

  it('an entry whose command comes from an alias stays as it is', () => {
    const text = 'shared: &c npx\nextensions:\n  a:\n    type: stdio\n    cmd: *c\n    args: [x]\n';
    const edited = ok(wrapText(text, clientOf('goose'), { tap }));
    expect(edited.text).toBe(text);
    expect(edited.entries[0]).toMatchObject({ state: 'other' });
  });

  it.each([
    { what: 'it says a thing twice', entry: '{"command":"x","command":"y","args":[]}', why: /says "command" twice/ },
    { what: 'it has a command and a URL', entry: '{"command":"x","url":"https://a.example"}', why: /a command and a URL/ },
    { what: 'its command holds the arguments', entry: '{"command":"npx -y pkg"}', why: /holds spaces and no arguments/ },
    { what: 'its command is a table', entry: '{"command":{"path":"x"}}', why: /not written as a text/ },
    { what: 'its arguments are no words', entry: '{"command":"x","args":[["y"]]}', why: /no list of words/ },
    { what: 'it is no table', entry: '"x"', why: /not a table of settings/ },
  ])('an entry is left alone, with the reason, when $what', ({ entry, why }) => {
    const text = `{"mcpServers":{"a":${entry}}}`;
    const edited = ok(wrapText(text, cursor, { tap }));
    expect(edited.text).toBe(text);
    expect(edited.entries).toMatchObject([{ state: 'other', why: expect.stringMatching(why) }]);
  });

  it.each([
    { what: 'its command is a block of text', entry: 'cmd: >-\n      x\n    args: [y]' },
    { what: 'its arguments are an anchor of another’s', entry: 'cmd: x\n    args: &A [y]\n  z:\n    cmd: z\n    args: *A' },
    { what: 'an argument stands below its dash', entry: 'cmd: x\n    args:\n      -\n        y\n      - z' },
  ])('an entry of YAML is left alone, and another is wrapped all the same, when $what', ({ entry }) => {
    const text = `extensions:\n  a:\n    ${entry}\n  ok:\n    cmd: fine\n    args: []\n`;
    const edited = ok(wrapText(text, clientOf('goose'), { tap }));
    expect(states(edited).filter((state) => state.startsWith('a:') || state.startsWith('ok:'))).toEqual(['a: other', 'ok: wrapped']);
    expect(edited.text.startsWith(text.slice(0, text.indexOf('  ok:')))).toBe(true);
  });

  it.each(['[mcp_servers.a]\ncommand = "x"\nargs = []\n', '[mcp_servers.a]\r\n"command" = "𝄞" # 𝄞\r\n'])('TOML behind a byte order mark is edited at the right places: %j', (text) => {
    const once = wrapText(`\uFEFF${text}`, clientOf('codex'), { tap });
    expect(states(once)).toEqual(['a: wrapped']);
    expect(ok(unwrapText(ok(once).text, clientOf('codex'), { former: formerOf(once) })).text).toBe(`\uFEFF${text}`);
  });

  it('only the named servers are wrapped', () => {
    const text = '{"mcpServers":{"a":{"command":"x","args":[]},"b":{"command":"y","args":[]}}}';
    expect(states(wrapText(text, cursor, { tap, only: new Set(['b']) }))).toEqual(['a: bare', 'b: wrapped']);
  });

  it('a secret that stood in the arguments stays there, and is told', () => {
    const text = '{"mcpServers":{"a":{"command":"x","args":["--api-key","hunter2-long","--token=${TOKEN}","https://u:pw@host/"]}}}';
    const [entry] = ok(wrapText(text, cursor, { tap })).entries;
    expect(entry).toMatchObject({ state: 'wrapped', secrets: ['hunter2-long', 'pw'] });
  });
});

describe('generated files', () => {
  const blank = fc.constantFrom('', ' ', '\n  ', '\r\n\t', ' /* c: "x" */ ', ' // end, {\n');
  const word = fc.oneof(fc.constantFrom('npx', '-y', '--', 'tap', '', '${HOME}', 'a "b" \\ c', 'é\u2028𝄞'), fc.string({ maxLength: 6 }));
  const written = (value: unknown) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value).replaceAll('a', '\\u0061'));
  const list = fc.tuple(fc.array(word, { maxLength: 4 }), fc.array(blank, { minLength: 5, maxLength: 5 }), fc.boolean()).map(([words, gaps, trailing]) =>
    `[${gaps[4]}${words.map((one, at) => `${JSON.stringify(one)}${gaps[at]}`).join(`,${gaps[0]}`)}${trailing && words.length > 0 ? ',' : ''}]`);
  const other = fc.constantFrom('"env": {"TOKEN": "${env:T}", "N": 1.0}', '"disabled": false', '"timeout": 1e3', '"x": [1, {"command": "no"}]');
  const program = fc.string({ minLength: 1, maxLength: 6 }).filter((one) => !/\s/.test(one)).chain(written);
  const entry = fc.tuple(program, fc.option(list), fc.option(other), blank, blank, fc.boolean()).map(([command, args, more, before, after, trailing]) => {
    const members = [`"command"${before}:${after}${command}`, ...(args === null ? [] : [`"args"${after}: ${args}`]), ...(more === null ? [] : [more])];
    return `{${before}${members.join(`${after},${before}`)}${trailing ? ',' : ''}${after}}`;
  });
  const file = fc.tuple(fc.array(entry, { maxLength: 4 }), blank, blank, fc.boolean()).map(([entries, a, b, mark]) =>
    `${mark ? '\uFEFF' : ''}${a}{${b}"other": {"deep": [1.50]},${a}"mcpServers"${b}: {${entries.map((one, at) => `${a}"s${at}": ${one}`).join(`,${b}`)}${b}},}${a}`);

  it('change only in the edited members, wrap once, and come back byte for byte', () => {
    const cursor = clientOf('cursor');
    fc.assert(fc.property(file, (text) => {
      const once = ok(wrapText(text, cursor, { tap }));
      const inserted = once.entries.filter(({ state }) => state === 'wrapped').length;
      expect(inserted).toBe(once.entries.length);
      expect(withoutMembers(once.text)).toBe(withoutMembers(text));
      expect(ok(wrapText(once.text, cursor, { tap })).text).toBe(once.text);
      expect(ok(unwrapText(once.text, cursor, { former: formerOf(once) })).text).toBe(text);
    }), { numRuns: 400 });
  });
});

/** The text without every command and argument list of an entry, found by a reader of its own. */
function withoutMembers(text: string): string {
  const string = '"(?:[^"\\\\]|\\\\.)*"';
  const gap = '(?:\\s|/\\*[^]*?\\*/|//[^\\n]*\\n)*';
  const words = `\\[${gap}(?:${string}${gap},?${gap})*\\]`;
  return text.replace(new RegExp(`"command"${gap}:${gap}${string}(?=${gap}[,}])`, 'g'), '<c>').replace(new RegExp(`(?:,${gap})?"args"${gap}:${gap}${words}`, 'g'), '');
}
