/** What one HTTP request says of itself, read once: who calls, under which session, in which era, with which messages. */
import { createHmac } from 'node:crypto';
import { clientIdentity, clientLabelOf, eraOf, headerValue, headerValues, messagesOf, traceIdOf, type HttpBody, type HttpMessage, type RawHeaders, type SessionFacts } from '@countersign/wire';

const taskKey = 'dev.countersign/task';
const identitiesMax = 256;

interface Caller {
  readonly userAgent: string | undefined;
  readonly clientName: string | undefined;
  readonly clientVersion: string | undefined;
}

/** Names callers; remembers the last ones that showed no credential, for a digest a request costs more than finding it. */
export class ClientIdentities {
  readonly #key: Uint8Array;
  readonly #known = new Map<string, string>();

  /** @param key  random per process: a credential's tag says nothing outside of it. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  identityOf(headers: RawHeaders, caller: Caller): string {
    const credentials = ['authorization', 'cookie', 'x-api-key'].flatMap((name) => headerValues(headers, name).map((value) => `${name}:${value}`));
    if (credentials.length > 0) return clientIdentity({ ...caller, credentialTag: createHmac('sha256', this.#key).update(credentials.join('\n')).digest('hex') });
    const name = JSON.stringify([caller.userAgent ?? '', caller.clientName ?? '', caller.clientVersion ?? '']);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = clientIdentity(caller);
    if (this.#known.size >= identitiesMax) this.#known.clear();
    this.#known.set(name, made);
    return made;
  }
}

export interface RequestFacts {
  readonly session: SessionFacts;
  /** Modern: no session, and a closed connection takes the request back. */
  readonly isModern: boolean;
  readonly isInitialize: boolean;
  readonly protocolVersion?: string;
  /** JSON text of the ids that wait for an answer, in order. */
  readonly rpcIds: readonly string[];
}

export function readRequestFacts(headers: RawHeaders, body: HttpBody | undefined, identities: ClientIdentities): RequestFacts {
  const messages = body === undefined ? [] : messagesOf(body);
  const version = headerValue(headers, 'mcp-protocol-version');
  const meta = messages.find((message) => traceIdOf(textOf(message.meta['traceparent'])) !== undefined || taskIdOf(message) !== undefined)?.meta ?? messages[0]?.meta ?? {};
  // Only what every request of this client says of it may tell clients apart, and a legacy one says its name once.
  const isInitialize = messages.some((message) => message.method === 'initialize');
  const label = isInitialize ? undefined : clientLabelOf(messages[0]?.method, messages[0]?.params);
  const caller = { userAgent: headerValue(headers, 'user-agent'), clientName: label?.clientName, clientVersion: label?.clientVersion };
  let known: string | undefined;
  return {
    session: {
      mcpSessionId: headerValue(headers, 'mcp-session-id'),
      taskId: messages.map(taskIdOf).find((id) => id !== undefined),
      traceparent: textOf(meta['traceparent']),
      // A request with a session id does without.
      get identity() {
        return (known ??= identities.identityOf(headers, caller));
      },
    },
    isModern: eraOf(messages[0]?.params, { header: version }).era === 'modern',
    isInitialize,
    rpcIds: messages.filter((message) => message.isRequest).flatMap((message) => message.rpcId ?? []),
    ...(version === undefined ? {} : { protocolVersion: version }),
  };
}

function taskIdOf(message: HttpMessage): string | undefined {
  return textOf(recordOf(message.meta[taskKey])['id']);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
