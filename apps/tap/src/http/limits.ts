/** Every bound of the HTTP tap, in one place. */
export interface HttpLimits {
  /** A longer message is not inspected but decided by its envelope, as policy says of long ones: never by a part of it (T43). */
  readonly inspectBytesMax: number;
  /** A compressed request may unpack to this much; beyond it it cannot be read. */
  readonly unpackedBytesMax: number;
  /** A longer one is not kept. From the client it is refused; from the server it is refused, or passes while it arrives if the core lets it. */
  readonly messageBytesMax: number;
  /** All bodies and held events together; beyond it new ones are refused. */
  readonly bufferedBytesMax: number;
  /** Held events of one stream; beyond it the server is not read on until one is decided. */
  readonly heldBytesMax: number;
  /** Silence of a held call before the answer is opened as a stream, and between the comments that follow. */
  readonly keepAliveMs: number;
  /** An unused connection to the server is closed after this; below the 5 s of most servers, so that no request meets a closing one. */
  readonly idleConnectionMsMax: number;
  readonly sessionIdleGapMs: number;
  readonly sessionsMax: number;
  readonly connectionsMax: number;
  /** Event ids remembered per session, so that a replay is recorded once. */
  readonly eventIdsMax: number;
}

export const defaultHttpLimits: HttpLimits = {
  inspectBytesMax: 1_000_000,
  unpackedBytesMax: 10 * 1024 * 1024,
  messageBytesMax: 64 * 1024 * 1024,
  bufferedBytesMax: 256 * 1024 * 1024,
  heldBytesMax: 16 * 1024 * 1024,
  keepAliveMs: 10_000,
  idleConnectionMsMax: 4000,
  sessionIdleGapMs: 30 * 60 * 1000,
  sessionsMax: 4096,
  connectionsMax: 2048,
  eventIdsMax: 1024,
};
