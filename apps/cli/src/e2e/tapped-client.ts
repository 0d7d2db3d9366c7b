/** An MCP client of the official SDK whose server sits behind one of our taps; for tests. */
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { program } from './running.js';

const notebook = fileURLToPath(new URL('./notebook-server.mjs', import.meta.url));

export interface TappedClient {
  readonly client: Client;
  call(tool: string, args: Record<string, unknown>): Promise<{ readonly text: string; readonly isError: boolean }>;
  close(): Promise<void>;
}

/** @param executedFile where the server writes each call it really executed. */
export async function tappedNotebook(dataDir: string, executedFile: string, agent = 'tester'): Promise<TappedClient> {
  const tap = [program, 'tap', '--server', 'notebook', '--agent', agent, '--role', 'tester', '--data', dataDir, '--', process.execPath, notebook, executedFile];
  const client = new Client({ name: 'e2e', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: tap, stderr: 'ignore' }));
  await client.listTools();
  return {
    client,
    call: async (name, args) => {
      const result = await client.callTool({ name, arguments: args });
      const [first] = Array.isArray(result.content) ? result.content : [];
      return { text: first?.type === 'text' ? first.text : '', isError: result.isError === true };
    },
    close: () => client.close(),
  };
}
