/** Generated TOML and YAML: every entry is wrapped, once, and comes back byte for byte. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clients, type Client } from './client-table.js';
import { unwrapText, wrapText } from './edit-text.js';
import { notations } from './notations.js';

const tap = { program: ['/usr/bin/node', '/opt/count ersign/countersign.js'], agent: 'a' };
const clientOf = (id: string): Client => {
  const client = clients.find((one) => one.id === id);
  if (client === undefined) throw new Error(`no client ${id}`);
  return client;
};

const word = fc.constantFrom('npx', '-y', '--', 'a b', 'C:\\x', 'é𝄞', 'it\'s', '#no', '"q"', '\u007f', 'null', '1.0', '${X}');
/** A program with a space and no arguments is left alone by design. */
const program = word.filter((one) => one !== 'a b');
const comment = fc.constantFrom('', '  # why', ' # "x" = [1]');
const blank = fc.constantFrom('', '\n', '# a line of its own\n');

const tomlText = (value: string): fc.Arbitrary<string> => {
  const isLiteral = !/['\u007f]/.test(value);
  return fc.constantFrom(notations.toml.quote(value), ...(isLiteral ? [`'${value}'`] : []), `"""${notations.toml.quote(value).slice(1, -1)}"""`);
};
const tomlWords = fc.array(word.chain(tomlText), { maxLength: 4 });
const tomlList = fc.tuple(tomlWords, comment, fc.boolean()).map(([words, remark, isOpen]) => (isOpen ? `[${remark}\n${words.map((one) => `  ${one},${remark}\n`).join('')}]` : `[${words.join(',')}]`));
const tomlEntry = fc.tuple(program.chain(tomlText), fc.option(tomlList), comment, fc.constantFrom('', 'env = { A = "1", B = \'2\' }\n', 'when = 1979-05-27T07:32:00Z\n')).map(([command, list, remark, more]) => `command=${command}${remark}\n${more}${list === null ? '' : `args = ${list}${remark}\n`}`);
const tomlFile = fc.tuple(fc.array(fc.tuple(tomlEntry, blank), { maxLength: 4 }), fc.boolean(), fc.boolean()).map(([entries, isCrlf, hasMark]) => {
  const text = `model = "x"\n${entries.map(([entry, gap], at) => `${gap}[mcp_servers."s ${at}"]\n${entry}`).join('')}[other]\nx = 1\n`;
  return (hasMark ? '\uFEFF' : '') + (isCrlf ? text.replaceAll('\n', '\r\n') : text);
});

const yamlText = (value: string): fc.Arbitrary<string> => fc.constantFrom(JSON.stringify(value), `'${value.replaceAll("'", "''")}'`);
const yamlItems = fc.array(word.chain(yamlText), { maxLength: 4 });
const yamlList = fc.tuple(yamlItems, comment, fc.constantFrom('flow', 'block', 'indented')).map(([items, remark, layout]) => {
  if (layout === 'flow' || items.length === 0) return ` [${items.join(', ')}]${remark}\n`;
  return `${remark}\n${items.map((item) => `${layout === 'indented' ? '      ' : '    '}- ${item}${remark}\n`).join('')}`;
});
const yamlEntry = fc.tuple(program.chain(yamlText), fc.option(yamlList), comment, fc.constantFrom('', '    envs: {A: "1"}\n', '    timeout: 300 # s\n')).map(([command, list, remark, more]) => `    cmd:  ${command}${remark}\n${more}${list === null ? '' : `    args:${list}`}`);
const yamlFile = fc.tuple(fc.array(fc.tuple(yamlEntry, blank), { minLength: 1, maxLength: 4 }), fc.boolean()).map(([entries, isCrlf]) => {
  const text = `# top\nextensions:\n${entries.map(([entry, gap], at) => `${gap}  s${at}:\n${entry}`).join('')}other: [1, 2]\n`;
  return isCrlf ? text.replaceAll('\n', '\r\n') : text;
});

describe.each([
  { client: clientOf('codex'), file: tomlFile },
  { client: clientOf('goose'), file: yamlFile },
])('generated files of $client.title', ({ client, file }) => {
  it('are wrapped whole, wrapped once, and come back byte for byte', () => {
    fc.assert(fc.property(file, (text) => {
      const once = wrapText(text, client, { tap });
      if (!once.ok) throw new Error(once.problem);
      expect(once.entries.map(({ state }) => state).filter((state) => state !== 'wrapped')).toEqual([]);
      expect(wrapText(once.text, client, { tap })).toMatchObject({ text: once.text });
      const former = once.entries.flatMap((entry) => (entry.state === 'wrapped' ? [entry] : []));
      expect(unwrapText(once.text, client, { former })).toMatchObject({ text });
    }), { numRuns: 250 });
  });
});
