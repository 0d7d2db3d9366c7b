/**
 * Lets a request through when both halves of a session are there; the default for every route of the API.
 * SG1. A route is open only where it says so (`@Open()`): forgetting is closing.
 * SG2. A missing, wrong, ended and foreign session get one and the same answer.
 */
import { Inject, Injectable, SetMetadata, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { keyHeader } from '../shared/api.js';
import { SessionCookie } from './session-cookie.js';
import { SignIns, type Session } from './sign-ins.js';

const openRoute = 'console:open';
export const Open = () => SetMetadata(openRoute, true);

export interface SignedInRequest extends FastifyRequest {
  signedIn?: Session;
}

@Injectable()
export class SignedInGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(SignIns) private readonly signIns: SignIns,
    @Inject(SessionCookie) private readonly cookie: SessionCookie,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.reflector.getAllAndOverride<boolean>(openRoute, [context.getHandler(), context.getClass()])) return true;
    const request = context.switchToHttp().getRequest<SignedInRequest>();
    const reference = this.cookie.read(request.headers.cookie);
    const key = request.headers[keyHeader];
    const session = reference === undefined || typeof key !== 'string' ? undefined : this.signIns.find(reference, key);
    if (!session) throw new UnauthorizedException('You are not signed in. Run `countersign login` on this machine and open the link it prints.');
    request.signedIn = session;
    return true;
  }
}

/** @throws when used on an open route: a defect of ours. */
export function sessionOf(request: SignedInRequest): Session {
  if (!request.signedIn) throw new Error('A route that needs a person was left open.');
  return request.signedIn;
}
