/** Tools that answer without asking anybody, one for each kind of content, pace and failure the suite looks at. */
import { setTimeout as delay } from 'node:timers/promises';
import { fromJsonSchema, type McpServer } from '@modelcontextprotocol/server';
import { pngBase64, wavBase64 } from './media.js';

const text = (value: string) => ({ type: 'text' as const, text: value });
const image = { type: 'image' as const, data: pngBase64, mimeType: 'image/png' };
const resource = (uri: string, mimeType: string, body: string) => ({ type: 'resource' as const, resource: { uri, mimeType, text: body } });

/** Long enough apart that a relay which collects messages would be seen to. */
const paceMs = 50;

export function addPlainTools(server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'Answers one text block.' }, () => ({ content: [text('This is a simple text response for testing.')] }));
  server.registerTool('test_image_content', { description: 'Answers one image.' }, () => ({ content: [image] }));
  server.registerTool('test_audio_content', { description: 'Answers one sound.' }, () => ({ content: [{ type: 'audio', data: wavBase64, mimeType: 'audio/wav' }] }));
  server.registerTool('test_embedded_resource', { description: 'Answers with a resource inside.' }, () => ({
    content: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
  }));
  server.registerTool('test_multiple_content_types', { description: 'Answers text, image and resource together.' }, () => ({
    content: [text('Multiple content types test:'), image, resource('test://mixed-content-resource', 'application/json', JSON.stringify({ test: 'data', value: 123 }))],
  }));
  server.registerTool('test_error_handling', { description: 'Always fails.' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  addPacedTools(server);
  addSchemaTools(server);
}

function addPacedTools(server: McpServer): void {
  server.registerTool('test_tool_with_logging', { description: 'Logs three lines while it runs.' }, async (context) => {
    await context.mcpReq.log('info', 'Tool execution started');
    await delay(paceMs);
    await context.mcpReq.log('info', 'Tool processing data');
    await delay(paceMs);
    await context.mcpReq.log('info', 'Tool execution completed');
    return { content: [text('Logged three lines.')] };
  });
  server.registerTool('test_logging_tool', { description: 'Logs one line, if the request asks for logs.' }, async (context) => {
    await context.mcpReq.log('info', 'One line');
    return { content: [text('Logged at most one line.')] };
  });
  server.registerTool('test_tool_with_progress', { description: 'Reports progress in three steps.' }, async (context) => {
    const progressToken = context.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await delay(paceMs);
      if (progressToken !== undefined) await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
    }
    return { content: [text('Done in three steps.')] };
  });
  server.registerTool('test_reconnection', { description: 'Closes its stream before it answers.' }, async (context) => {
    context.http?.closeSSE?.();
    await delay(2 * paceMs);
    return { content: [text('Answered after the stream was closed.')] };
  });
}

function addSchemaTools(server: McpServer): void {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' }, contactMethod: { type: 'string', enum: ['phone', 'email'] }, phone: { type: 'string' }, email: { type: 'string' } },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false,
  };
  server.registerTool('json_schema_2020_12_tool', { description: 'Has a schema with the newer keywords.', inputSchema: fromJsonSchema(schema) }, () => ({ content: [text('The arguments fit the schema.')] }));
  const mirrored = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, query: { type: 'string' } } };
  server.registerTool('test_mirrored_header', { description: 'Has an argument that clients repeat in a header.', inputSchema: fromJsonSchema(mirrored) }, (args) => ({ content: [text(JSON.stringify(args))] }));
}
