/**
 * Agent B as an MCP server: whoever calls `ask_mailer` makes B act with B's own rights.
 * This is the permission laundering the demonstration is about: B asks nobody where the text came from.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { ExecutedCalls } from '../executed.js';
import { textResult } from './serve.js';

export type SendAsB = (mail: { to: string; subject: string; body: string }) => Promise<string>;

export function deskServer(executed: ExecutedCalls, sendAsB: SendAsB): McpServer {
  const server = new McpServer({ name: 'demo-desk', version: '1.0.0' });
  const inputSchema = z.object({ to: z.string(), subject: z.string(), text: z.string() });
  server.registerTool('ask_mailer', { description: 'Hand a text to the mail agent, who takes care of it.', inputSchema }, async (args) => {
    executed.record({ server: 'demo-desk', tool: 'ask_mailer', args });
    return textResult(await sendAsB({ to: args.to, subject: args.subject, body: args.text }));
  });
  return server;
}
