/** Somebody a call can be timed against, whatever the transport. */
export interface CostPeer {
  /** Of the process in front: the tap, the relay, or the server itself. */
  readonly pid: number | undefined;
  /** Resolves with the answer's text. */
  request(method: string, params: unknown): Promise<string>;
  initialize(): Promise<void>;
  close(): Promise<void>;
}

export const initializeParams = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'lab', version: '1' } };
export const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

export function requestText(id: number, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}
