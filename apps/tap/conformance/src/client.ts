/**
 * The client under test: it does everything a server's lists invite it to, whatever the scenario is called.
 * Which scenario runs, at which revision and with which extra facts, stands in the environment the suite sets; the server's address is the last argument.
 */
import { Client, StreamableHTTPClientTransport, type OAuthClientProvider } from '@modelcontextprotocol/client';
import { dpopSignIn, providerFor, SignIn } from './sign-in.js';
import { exploreServer, type PlannedCall } from './explore-server.js';

interface SuiteContext {
  readonly toolCalls?: readonly PlannedCall[];
  readonly [fact: string]: unknown;
}

const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? '';
const revision = process.env['MCP_CONFORMANCE_PROTOCOL_VERSION'] ?? '2025-11-25';
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as SuiteContext;

async function main(url: URL): Promise<void> {
  const signIn = scenario.startsWith('auth/dpop') ? await dpopSignIn() : new SignIn(context);
  const provider: OAuthClientProvider = providerFor(scenario, context) ?? signIn;
  const client = new Client(
    { name: 'countersign-conformance-client', version: '1.0.0' },
    {
      capabilities: { sampling: {}, roots: {}, elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: revision < '2026' ? 'legacy' : 'auto' },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  client.setRequestHandler('sampling/createMessage', () => ({ role: 'assistant', model: 'none', content: { type: 'text', text: 'An answer.' } }));
  client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///work', name: 'work' }] }));
  const transport = await signIn.whileSigningIn(async () => {
    const opened = new StreamableHTTPClientTransport(url, { authProvider: provider });
    signIn.finishWith((params) => opened.finishAuth(params));
    await client.connect(opened);
    return opened;
  });
  await exploreServer(client, { calls: context.toolCalls ?? [], attempt: (act) => signIn.whileSigningIn(act) });
  if (transport.sessionId !== undefined) await transport.terminateSession().catch(() => undefined); // Not every server of the suite lets a session be ended.
  await client.close();
}

main(new URL(process.argv.at(-1) ?? '')).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
});
