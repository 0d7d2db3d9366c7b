/**
 * In by a one-time link, out at once.
 * The link's token stands behind `#`, so browsers send it nowhere; the page takes it out of the address and posts it.
 */
import { BadRequestException, Body, Controller, Get, HttpCode, Inject, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { PeopleDoor } from '../doors/people-door.js';
import { Open, sessionOf, type SignedInRequest } from '../doors/signed-in.guard.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from '../options.js';
import type { SignedIn } from '../shared/api.js';

const bodySchema = z.strictObject({ token: z.string().min(1).max(256) });

@Controller('api')
export class SignInController {
  constructor(
    @Inject(PeopleDoor) private readonly door: PeopleDoor,
    @Inject(CONSOLE_OPTIONS) private readonly options: ConsoleOptions,
  ) {}

  @Open()
  @Post('login')
  @HttpCode(200)
  login(@Body() body: unknown, @Req() request: SignedInRequest, @Res({ passthrough: true }) reply: FastifyReply): SignedIn {
    this.door.count(request, 'sign-in');
    const parsed = bodySchema.safeParse(body);
    if (!parsed.success) throw new BadRequestException('A sign-in is one token; nothing was read.');
    const opened = this.door.enter(parsed.data.token, request, reply);
    if (!opened) throw new UnauthorizedException('This sign-in link was used already or is older than ten minutes. `countersign login` prints a new one.');
    this.options.telemetry({ event: 'PersonSignedIn', level: 'info', message: 'A person signed in to the console by a one-time link.' });
    return { person: opened.session.person, key: opened.key };
  }

  @Post('logout')
  @HttpCode(200)
  logout(@Req() request: SignedInRequest, @Res({ passthrough: true }) reply: FastifyReply): { readonly signedOut: true } {
    this.door.leave(request, reply);
    return { signedOut: true };
  }

  @Get('me')
  me(@Req() request: SignedInRequest): { readonly person: string } {
    return { person: sessionOf(request).person };
  }
}
