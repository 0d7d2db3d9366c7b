import { describe, expect, it } from 'vitest';
import { classifyTool } from './impact.js';
import type { Impact } from '@countersign/contracts';
import type { ToolDefinition } from './call-facts.js';

const schema = (...names: string[]) => ({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
type Row = readonly [sentence: string, definition: ToolDefinition, impact: Impact];

const rows: readonly Row[] = [
  ['a tool that gets is a read', { name: 'get_balance', description: 'Get the balance of the account.', inputSchema: schema() }, 'read'],
  ['a tool that creates is a write', { name: 'create_calendar_entry', description: 'Creates an entry.', inputSchema: schema('title') }, 'write'],
  ['a tool that sends is egress', { name: 'sendMail', description: 'Send it.', inputSchema: schema('body') }, 'egress'],
  ['a tool that deletes cannot be undone', { name: 'files.delete', description: 'Deletes a file.', inputSchema: schema('id') }, 'irreversible'],
  ['a read with an address is egress', { name: 'get_webpage', description: 'Get a page.', inputSchema: schema('url') }, 'egress'],
  ['an address deep in the schema counts', { name: 'search', description: 'Search.', inputSchema: { properties: { options: { properties: { callbackUrl: {} } } } } }, 'egress'],
  ['a write with a recipient is egress', { name: 'create_invitation', description: 'Creates one.', inputSchema: schema('participants') }, 'egress'],
  ['a read with a recipient-like filter stays a read', { name: 'search_emails', description: 'Search them.', inputSchema: schema('recipient') }, 'read'],
  ['the description can make it worse', { name: 'get_ready', description: 'Deletes everything first.', inputSchema: schema() }, 'irreversible'],
  ['the description cannot make it better', { name: 'delete_all', description: 'Get rid of rows.', inputSchema: schema() }, 'irreversible'],
  ['a changed password cannot be undone', { name: 'update_password', description: 'Update it.', inputSchema: schema('password') }, 'irreversible'],
  ['a read-only hint alone is not believed', { name: 'frobnicate', description: 'Frobnicates.', inputSchema: schema(), annotations: { readOnlyHint: true } }, 'write'],
  ['a read-only hint does not excuse an address', { name: 'fetch', description: 'Fetch.', inputSchema: schema('url'), annotations: { readOnlyHint: true } }, 'egress'],
  ['a destructive hint is believed of a write', { name: 'write_file', description: 'Write.', inputSchema: schema('path'), annotations: { destructiveHint: true } }, 'irreversible'],
  ['running code is not a read', { name: 'query', description: 'Query the database.', inputSchema: schema('sql') }, 'write'],
  ['a query that says it only reads is a read', { name: 'query', description: 'Run a read-only SQL query.', inputSchema: schema('sql') }, 'read'],
  ['a tool that runs things cannot be undone', { name: 'run_command', description: 'Run it.', inputSchema: schema('command') }, 'irreversible'],
  ['a plural in a name is a thing, not a verb', { name: 'messages_list', description: 'All messages.', inputSchema: schema() }, 'read'],
  ['a name and description without a verb is a write', { name: 'zorble', description: 'Zorbles.', inputSchema: schema() }, 'write'],
];

describe('classifyTool', () => {
  it.each(rows)('%s', (_sentence, definition, impact) => {
    expect(classifyTool(definition, definition.name)).toMatchObject({ impact });
  });

  it('a tool never seen is read by its name and taken for open-world', () => {
    expect(classifyTool(undefined, 'list_files')).toMatchObject({ impact: 'read', openWorld: true });
    expect(classifyTool(undefined, 'delete_file')).toMatchObject({ impact: 'irreversible', openWorld: true });
    expect(classifyTool(undefined, 'zorble')).toMatchObject({ impact: 'write', openWorld: true });
  });

  it('strangers may have written mail, pages and rows, but not a sum', () => {
    const openWorld = (name: string, description: string) => classifyTool({ name, description, inputSchema: schema() }, name).openWorld;
    expect(openWorld('read_inbox', 'Read mail.')).toBe(true);
    expect(openWorld('get_customer', 'Get one.')).toBe(true);
    expect(openWorld('calculate_sum', 'Calculate a sum.')).toBe(false);
    expect(classifyTool({ name: 'read_inbox', description: 'x', annotations: { openWorldHint: false } }, 'read_inbox').openWorld).toBe(true);
    expect(classifyTool({ name: 'calculate_sum', annotations: { openWorldHint: true } }, 'calculate_sum').openWorld).toBe(true);
  });

  it('strange definitions are input, not exceptions', () => {
    const deep: { properties?: unknown } = {};
    let at = deep;
    for (let level = 0; level < 10_000; level += 1) at = at.properties = {} as { properties?: unknown };
    for (const inputSchema of [null, 7, 'x', [], { properties: [] }, { properties: null }, deep]) {
      expect(classifyTool({ name: '', description: '', inputSchema, annotations: 'no' }, '').impact).toBe('write');
    }
  });
});
