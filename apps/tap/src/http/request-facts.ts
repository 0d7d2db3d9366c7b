/** What one HTTP request says of itself, read once: who calls, under which session, in which era, with which messages. */
import { createHmac } from 'node:crypto';
import { clientIdentity, clientLabelOf, eraOf, headerValue, headerValues, messagesOf, traceIdOf, type HttpBody, type HttpMessage, type RawHeaders, type SessionFacts } from '@countersign/wire';

const taskKey = 'dev.countersign/task';

export interface RequestFacts {
  readonly session: SessionFacts;
  /** Modern: no session, and a closed connection takes the request back. */
  readonly isModern: boolean;
  readonly isInitialize: boolean;
  readonly protocolVersion?: string;
  /** JSON text of the ids that wait for an answer, in order. */
  readonly rpcIds: readonly string[];
}

/** @param identityKey  random per process: a credential's tag says nothing outside of it. */
export function readRequestFacts(headers: RawHeaders, body: HttpBody | undefined, identityKey: Uint8Array): RequestFacts {
  const messages = body === undefined ? [] : messagesOf(body);
  const version = headerValue(headers, 'mcp-protocol-version');
  const meta = messages.find((message) => traceIdOf(textOf(message.meta['traceparent'])) !== undefined || taskIdOf(message) !== undefined)?.meta ?? messages[0]?.meta ?? {};
  // Only what every request of this client says of it may tell clients apart, and a legacy one says its name once.
  const isInitialize = messages.some((message) => message.method === 'initialize');
  const label = isInitialize ? undefined : clientLabelOf(messages[0]?.method, messages[0]?.params);
  return {
    session: {
      mcpSessionId: headerValue(headers, 'mcp-session-id'),
      taskId: messages.map(taskIdOf).find((id) => id !== undefined),
      traceparent: textOf(meta['traceparent']),
      identity: clientIdentity({
        userAgent: headerValue(headers, 'user-agent'),
        credentialTag: credentialTag(headers, identityKey),
        clientName: label?.clientName,
        clientVersion: label?.clientVersion,
      }),
    },
    isModern: eraOf(messages[0]?.params, { header: version }).era === 'modern',
    isInitialize,
    rpcIds: messages.filter((message) => message.isRequest).flatMap((message) => message.rpcId ?? []),
    ...(version === undefined ? {} : { protocolVersion: version }),
  };
}

function credentialTag(headers: RawHeaders, identityKey: Uint8Array): string | undefined {
  const credentials = ['authorization', 'cookie', 'x-api-key'].flatMap((name) => headerValues(headers, name).map((value) => `${name}:${value}`));
  return credentials.length === 0 ? undefined : createHmac('sha256', identityKey).update(credentials.join('\n')).digest('hex');
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
