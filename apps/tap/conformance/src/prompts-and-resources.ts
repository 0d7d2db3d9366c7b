/** The prompts and resources of the fixture. */
import { completable, ResourceTemplate, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { pngBase64 } from './media.js';

const user = (text: string) => ({ role: 'user' as const, content: { type: 'text' as const, text } });
const cities = ['paris', 'park', 'party', 'hello'];

export function addPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'One message.' }, () => ({ messages: [user('This is a simple prompt for testing.')] }));
  const args = z.object({ arg1: completable(z.string().describe('First test argument'), (start) => cities.filter((city) => city.startsWith(start))), arg2: z.string().describe('Second test argument') });
  server.registerPrompt('test_prompt_with_arguments', { description: 'Two arguments in one message.', argsSchema: args }, ({ arg1, arg2 }) => ({ messages: [user(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)] }));
  server.registerPrompt('test_prompt_with_embedded_resource', { description: 'A resource and a question.', argsSchema: z.object({ resourceUri: z.string().describe('Address of the resource to embed') }) }, ({ resourceUri }) => ({
    messages: [{ role: 'user', content: { type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } } }, user('Please process the embedded resource above.')],
  }));
  server.registerPrompt('test_prompt_with_image', { description: 'A picture and a question.' }, () => ({
    messages: [{ role: 'user', content: { type: 'image', data: pngBase64, mimeType: 'image/png' } }, user('Please analyze the image above.')],
  }));
}

export function addResources(server: McpServer): void {
  const fixed = [
    ['static-text', 'text/plain', { text: 'This is the content of the static text resource.' }],
    ['static-binary', 'image/png', { blob: pngBase64 }],
    ['watched-resource', 'text/plain', { text: 'Somebody watches this.' }],
  ] as const;
  for (const [name, mimeType, body] of fixed) {
    const uri = `test://${name}`;
    server.registerResource(name, uri, { description: `The resource ${name}.`, mimeType }, () => ({ contents: [{ uri, mimeType, ...body }] }));
  }
  server.registerResource('template', new ResourceTemplate('test://template/{id}/data', { list: undefined }), { description: 'One document for each id.', mimeType: 'application/json' }, (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }) }],
  }));
}
