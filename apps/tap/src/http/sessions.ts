/**
 * The conversations that pass this tap: which stream of the core a request belongs to.
 * HS5. A session is opened by its first message and bound to what the server then names; the id itself is never kept (HS3).
 * HS6. Where the session is derived, two requests in flight under one id are two clients: each gets a stream of its own (T37).
 * HS7. At most `sessionsMax` are kept; the one unused longest and not in use goes first, its stream ended.
 */
import { continuesSession, sessionKeyOf, sessionName, type HttpSessionRule, type SessionFacts, type SessionKey } from '@countersign/wire';
import type { StreamInfo, TapCore, TapStream } from '../passage.js';
import { EventMemory } from './event-memory.js';

const lanesMax = 64;
const idleMsMax = 24 * 60 * 60 * 1000;

interface Lane {
  /** Opened by the first message, so that a request without one leaves no stream behind. */
  readonly stream: () => TapStream;
  readonly end: (cause: string) => void;
  readonly inFlight: Map<string, number>;
  exchanges: number;
}

interface Session {
  readonly info: { transport: 'http'; session: string; sessionRule: HttpSessionRule } & StreamInfo;
  readonly keys: Set<string>;
  readonly lanes: Lane[];
  readonly events: EventMemory;
  lastSeenMs: number;
  exchanges: number;
  /** Why it ends once it has no key and no exchange left. */
  endCause: string;
}

export interface LeaseRequest {
  readonly facts: SessionFacts;
  readonly rpcIds: readonly string[];
  /** A legacy `initialize` begins a conversation; the server's answer may name it. */
  readonly isInitialize: boolean;
  readonly nowMs: number;
  /** Where an older server told the client to post (2024-11-05): names the session of the stream that said so. */
  readonly postedTo?: string | undefined;
}

/** One exchange's use of a session; must be released. */
export interface SessionLease {
  readonly stream: TapStream;
  readonly events: EventMemory;
  /** The server answered a request that carried no session id: with one, or without. */
  bind(mcpSessionId: string | undefined): void;
  /** The server named the address this session's messages are posted to. */
  bindAddress(target: string): void;
  /** The server ended the session. */
  endSession(cause: string): void;
  /** Where messages of this session are posted, if the server named an address. */
  readonly postedTo: string | undefined;
  /** What this exchange still waits for will not come; other exchanges of the session go on. */
  lose(cause: string, stream?: { readonly mayResume: boolean }): void;
  release(nowMs: number): void;
}

export class SessionTable {
  readonly #core: TapCore;
  readonly #options: { readonly sessionsMax: number; readonly sessionIdleGapMs: number; readonly eventIdsMax: number };
  readonly #byKey = new Map<string, Session>();
  /** In the order of last use. */
  readonly #sessions = new Set<Session>();
  #opened = 0;
  /** No server of the oldest transport was met, so no address means anything. */
  #hasAddresses = false;

  constructor(core: TapCore, options: { readonly sessionsMax: number; readonly sessionIdleGapMs: number; readonly eventIdsMax: number }) {
    this.#core = core;
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  lease(request: LeaseRequest): SessionLease {
    this.#sweep(request.nowMs);
    const session = this.#find(request) ?? this.#open(request);
    session.lastSeenMs = request.nowMs;
    session.exchanges += 1;
    this.#sessions.delete(session);
    this.#sessions.add(session);
    return this.#leaseOf(session, this.#laneFor(session, request.rpcIds), request);
  }

  endAll(cause: string): void {
    for (const session of [...this.#sessions]) this.#end(session, cause);
  }

  #find(request: LeaseRequest): Session | undefined {
    const posted = request.postedTo === undefined || !this.#hasAddresses ? undefined : this.#byKey.get(addressKey(request.postedTo));
    if (posted !== undefined) return posted;
    const { rule, key } = sessionKeyOf(request.facts);
    const known = this.#byKey.get(key);
    if (known === undefined || rule !== 'idle-gap') return known;
    if (!request.isInitialize && continuesSession(known.lastSeenMs, request.nowMs, this.#options.sessionIdleGapMs)) return known;
    this.#unbind(known, key, 'superseded');
    return undefined;
  }

  #open(request: LeaseRequest, key: SessionKey = sessionKeyOf(request.facts)): Session {
    if (this.#sessions.size >= this.#options.sessionsMax) this.#evictOne();
    const before = this.#byKey.get(key.key);
    if (before !== undefined) this.#unbind(before, key.key, 'superseded');
    this.#opened += 1;
    // An opening `initialize` is expected to be answered with a session id; `bind` corrects that when it is not.
    const rule = key.rule === 'idle-gap' && request.isInitialize ? 'mcp-session-id' : key.rule;
    const session: Session = {
      info: { transport: 'http', session: sessionName(key, `${request.nowMs}/${this.#opened}`), sessionRule: rule },
      endCause: 'superseded',
      keys: new Set([key.key]),
      lanes: [],
      events: new EventMemory(this.#options.eventIdsMax),
      lastSeenMs: request.nowMs,
      exchanges: 0,
    };
    this.#sessions.add(session);
    this.#byKey.set(key.key, session);
    return session;
  }

  /** A stream that names an address is the beginning of a conversation, whatever its client did before. */
  #openAt(key: string, request: LeaseRequest): Session {
    this.#hasAddresses = true;
    const session = this.#open({ ...request, isInitialize: false }, { rule: 'mcp-session-id', key });
    session.exchanges += 1;
    return session;
  }

  #laneFor(session: Session, rpcIds: readonly string[]): Lane {
    const free = session.lanes.find((lane) => !rpcIds.some((id) => lane.inFlight.has(id)));
    const [first] = session.lanes;
    const shared = isNamedByServer(session) || session.lanes.length >= lanesMax ? first : undefined;
    const lane = free ?? shared ?? this.#newLane(session);
    if (!session.lanes.includes(lane)) session.lanes.push(lane);
    lane.exchanges += 1;
    for (const id of rpcIds) lane.inFlight.set(id, (lane.inFlight.get(id) ?? 0) + 1);
    return lane;
  }

  #newLane(session: Session): Lane {
    let opened: TapStream | undefined;
    return {
      stream: () => (opened ??= this.#core.openStream(session.info)),
      end: (cause) => opened?.end(cause),
      inFlight: new Map(),
      exchanges: 0,
    };
  }

  #leaseOf(leased: Session, laneOfLease: Lane, request: LeaseRequest): SessionLease {
    let isReleased = false;
    let postedTo: string | undefined;
    let [session, lane] = [leased, laneOfLease];
    return {
      get stream() {
        return lane.stream();
      },
      get events() {
        return session.events;
      },
      get postedTo() {
        return postedTo;
      },
      bind: (mcpSessionId) => this.#bind(session, request, mcpSessionId),
      bindAddress: (target) => {
        if (isReleased) return;
        postedTo = target;
        this.#release(session, lane, request.rpcIds);
        session = this.#openAt(addressKey(target), request);
        lane = this.#laneFor(session, request.rpcIds);
      },
      endSession: (cause) => {
        for (const key of [...session.keys]) this.#unbind(session, key, cause);
      },
      lose: (cause, broken) => {
        const isAlone = lane.exchanges === 1 && !isNamedByServer(session);
        // The rest of a stream with event ids may still come, on another one of the session.
        if (isNamedByServer(session) && broken?.mayResume === true) return;
        if (!isAlone) return void lane.stream().lose(request.rpcIds, cause);
        if (!session.lanes.includes(lane)) return;
        session.lanes.splice(session.lanes.indexOf(lane), 1);
        lane.end(cause);
      },
      release: (nowMs) => {
        if (isReleased) return;
        isReleased = true;
        this.#release(session, lane, request.rpcIds);
        session.lastSeenMs = nowMs;
        if (session.keys.size === 0 && session.exchanges === 0) this.#end(session, session.endCause);
      },
    };
  }

  #release(session: Session, lane: Lane, rpcIds: readonly string[]): void {
    session.exchanges -= 1;
    lane.exchanges -= 1;
    for (const id of rpcIds) {
      const left = (lane.inFlight.get(id) ?? 1) - 1;
      if (left > 0) lane.inFlight.set(id, left);
      else lane.inFlight.delete(id);
    }
  }

  #bind(session: Session, request: LeaseRequest, mcpSessionId: string | undefined): void {
    if (!this.#sessions.has(session)) return;
    const derived = sessionKeyOf(request.facts);
    if (mcpSessionId === undefined) {
      if (request.isInitialize && derived.rule !== 'mcp-session-id') session.info.sessionRule = derived.rule;
      return;
    }
    if (!request.isInitialize || derived.rule === 'mcp-session-id') return;
    this.#bindKey(session, sessionKeyOf({ ...request.facts, mcpSessionId }).key);
    if (this.#byKey.get(derived.key) === session) this.#byKey.delete(derived.key);
    session.keys.delete(derived.key);
  }

  #bindKey(session: Session, key: string): void {
    if (!this.#sessions.has(session)) return;
    const before = this.#byKey.get(key);
    if (before !== undefined && before !== session) this.#unbind(before, key, 'superseded');
    this.#byKey.set(key, session);
    session.keys.add(key);
  }

  #unbind(session: Session, key: string, cause: string): void {
    this.#byKey.delete(key);
    session.keys.delete(key);
    if (session.keys.size > 0) return;
    session.endCause = cause;
    if (session.exchanges === 0) this.#end(session, cause);
  }

  #sweep(nowMs: number): void {
    for (const session of this.#sessions) {
      if (session.exchanges > 0 || nowMs - session.lastSeenMs <= idleMsMax) return;
      this.#end(session, 'idle');
    }
  }

  #evictOne(): void {
    for (const session of this.#sessions) {
      if (session.exchanges > 0) continue;
      this.#end(session, 'evicted');
      return;
    }
  }

  #end(session: Session, cause: string): void {
    if (!this.#sessions.delete(session)) return;
    for (const key of session.keys) if (this.#byKey.get(key) === session) this.#byKey.delete(key);
    for (const lane of session.lanes) lane.end(cause);
    session.lanes.length = 0;
  }
}

function isNamedByServer(session: Session): boolean {
  return session.info.sessionRule === 'mcp-session-id';
}

/** Path and query alone: a server may write its own origin before them. */
function addressKey(target: string): string {
  const url = URL.canParse(target, 'http://tap') ? new URL(target, 'http://tap') : undefined;
  return `address ${url === undefined ? target : url.pathname + url.search}`;
}
