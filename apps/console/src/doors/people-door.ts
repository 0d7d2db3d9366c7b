/** What controllers need of the door: count tries, let people in and out, renew a session after a decision. */
import { HttpException } from '@nestjs/common';
import type { Clock } from '@countersign/pipeline';
import type { FastifyReply } from 'fastify';
import { Attempts } from './attempts.js';
import type { SessionCookie } from './session-cookie.js';
import { sessionOf, type SignedInRequest } from './signed-in.guard.js';
import type { OpenedSession, SignIns } from './sign-ins.js';

export interface PeopleDoorOptions {
  readonly clock: Clock;
  readonly signIns: SignIns;
  readonly cookie: SessionCookie;
}

const limit = { triesMax: 10, windowMs: 60_000, keysMax: 4_096 };

export class PeopleDoor {
  readonly #attempts = new Attempts(limit);

  constructor(private readonly options: PeopleDoorOptions) {}

  /** Ten a minute for one address and for one person (P16). @throws HttpException 429. */
  count(request: SignedInRequest, what: 'sign-in' | 'decision' | 'unknown id'): void {
    const nowMs = this.options.clock.monotonicMs();
    const keys = [`${what} address ${request.ip}`, ...(request.signedIn ? [`${what} person ${request.signedIn.person}`] : [])];
    const isWithin = keys.map((key) => this.#attempts.allow(key, nowMs)).every(Boolean);
    if (!isWithin) throw new HttpException(`More than ${limit.triesMax} tries of this kind (${what}) in a minute; nothing was done. Wait a minute.`, 429);
  }

  /** @returns undefined when the token opens nothing. */
  enter(token: string, request: SignedInRequest, reply: FastifyReply): OpenedSession | undefined {
    const { signIns, cookie } = this.options;
    const opened = signIns.redeem(token, cookie.read(request.headers.cookie));
    if (opened) reply.header('set-cookie', cookie.write(opened.reference));
    return opened;
  }

  leave(request: SignedInRequest, reply: FastifyReply): void {
    this.options.signIns.end(sessionOf(request));
    reply.header('set-cookie', this.options.cookie.write(''));
  }

  renew(request: SignedInRequest, reply: FastifyReply): void {
    reply.header('set-cookie', this.options.cookie.write(this.options.signIns.rotate(sessionOf(request))));
  }
}
