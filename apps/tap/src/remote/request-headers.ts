/**
 * The headers of a message that came without any: over stdio there are none, over HTTP the protocol wants some.
 * RH1. Legacy: the session the server named and the version `initialize` agreed on. Modern: what each message says of itself.
 * RH2. An argument a tool's schema marks (`x-mcp-header`) is repeated in its header, for the tools whose list passed by.
 * RH3. What the operator gave by name of a variable (credentials) goes with every request to the one upstream, and nowhere else.
 */
import { encodeMirrored, isRecord, protocolVersionKey, type HttpMessage } from '@countersign/wire';

const toolsMax = 2_000;
const depthMax = 8;

export interface RemoteSession {
  /** As the server named it. */
  id: string | undefined;
  /** As `initialize` agreed on it. */
  protocolVersion: string | undefined;
}

interface Mirror {
  readonly header: string;
  readonly path: readonly string[];
}

const nameMember: Readonly<Record<string, string>> = {
  'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri', 'tasks/get': 'taskId', 'tasks/update': 'taskId', 'tasks/cancel': 'taskId',
};

export function isModern({ meta }: HttpMessage): boolean {
  return typeof meta[protocolVersionKey] === 'string';
}

/** Names and values, two by two. @param message undefined for a batch, or what is no message. */
export function headersOf(message: HttpMessage | undefined, session: RemoteSession, mirrors: MirroredArguments): string[] {
  if (message !== undefined && isModern(message)) return modernHeaders(message, mirrors);
  return [
    ...(session.id === undefined ? [] : ['Mcp-Session-Id', session.id]),
    ...(session.protocolVersion === undefined ? [] : ['MCP-Protocol-Version', session.protocolVersion]),
  ];
}

function modernHeaders({ meta, method, params }: HttpMessage, mirrors: MirroredArguments): string[] {
  const name = params[nameMember[method ?? ''] ?? ''];
  return [
    'MCP-Protocol-Version', String(meta[protocolVersionKey]),
    ...(method === undefined ? [] : ['Mcp-Method', encodeMirrored(method)]),
    ...(typeof name === 'string' ? ['Mcp-Name', encodeMirrored(name)] : []),
    ...(method === 'tools/call' && typeof name === 'string' ? mirrors.headersOf(name, params['arguments']) : []),
  ];
}

/** Which arguments of which tools stand in headers, learned from the lists that pass. */
export class MirroredArguments {
  readonly #mirrors = new Map<string, readonly Mirror[]>();

  /** @param result of any request; only lists of tools say something. */
  learn(result: unknown): void {
    const tools = isRecord(result) && Array.isArray(result['tools']) ? (result['tools'] as unknown[]) : [];
    for (const tool of tools) {
      if (!isRecord(tool) || typeof tool['name'] !== 'string') continue;
      const mirrors = mirrorsOf(tool['inputSchema'], []);
      if (mirrors.length === 0) this.#mirrors.delete(tool['name']);
      else if (this.#mirrors.size < toolsMax) this.#mirrors.set(tool['name'], mirrors);
    }
  }

  headersOf(tool: string, args: unknown): string[] {
    return (this.#mirrors.get(tool) ?? []).flatMap(({ header, path }) => {
      const value = path.reduce<unknown>((node, key) => (isRecord(node) && Object.hasOwn(node, key) ? node[key] : undefined), args);
      if (typeof value === 'string') return [header, encodeMirrored(value)];
      return typeof value === 'number' || typeof value === 'boolean' ? [header, String(value)] : [];
    });
  }
}

function mirrorsOf(schema: unknown, path: readonly string[]): Mirror[] {
  const properties = isRecord(schema) ? schema['properties'] : undefined;
  if (!isRecord(properties) || path.length >= depthMax) return [];
  return Object.entries(properties).flatMap(([key, property]) => {
    const name = isRecord(property) ? property['x-mcp-header'] : undefined;
    const own = typeof name === 'string' && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) ? [{ header: `Mcp-Param-${name}`, path: [...path, key] }] : [];
    return [...own, ...mirrorsOf(property, [...path, key])];
  });
}
