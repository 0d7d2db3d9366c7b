/** What happened, read from history; and the three things a person may add to it: a release, an approved pin, a registered state. */
import { BadRequestException, Body, Controller, Get, HttpCode, Inject, NotFoundException, Param, Post, Req } from '@nestjs/common';
import { z } from 'zod';
import { PeopleDoor } from '../doors/people-door.js';
import { sessionOf, type SignedInRequest } from '../doors/signed-in.guard.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from '../options.js';
import type { AgentRow, PolicyPage, QuarantineRow, SessionPage, SessionRow, StatusLine, ToolRow } from '../shared/api.js';
import { Records } from './records.js';

const pendingCountMax = 1_000;
const name = z.string().min(1).max(256);
const registerSchema = z.strictObject({ agent: name, stateHash: z.string().regex(/^[0-9a-f]{32,64}$/) });
const pinSchema = z.strictObject({ server: name, tool: z.string().min(1).max(512), digest: z.string().regex(/^[0-9a-f]{16,128}$/) });
const releaseSchema = z.strictObject({ quarantineId: name });

@Controller('api')
export class RecordsController {
  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ConsoleOptions,
    @Inject(Records) private readonly records: Records,
    @Inject(PeopleDoor) private readonly door: PeopleDoor,
  ) {}

  @Get('status')
  async status(@Req() request: SignedInRequest): Promise<StatusLine> {
    const { clock, desk, policy, tapsConnected } = this.options;
    const nowMs = clock.wallMs();
    const midnight = new Date(nowMs).setHours(0, 0, 0, 0);
    const [pending, stopsToday] = await Promise.all([desk.list({ state: 'open', limit: pendingCountMax }), this.records.stopsSince(midnight)]);
    const { version, policy: inForce } = policy();
    return { nowMs, person: sessionOf(request).person, mode: inForce.mode, policyVersion: version, taps: tapsConnected(), pending: pending.length, stopsToday };
  }

  @Get('policy')
  policy(): PolicyPage {
    const { version, policy } = this.options.policy();
    return { version, mode: policy.mode, text: this.options.policyText() };
  }

  @Get('sessions')
  sessions(): Promise<readonly SessionRow[]> {
    return this.records.sessions();
  }

  @Get('sessions/:key')
  async session(@Param('key') key: string, @Req() request: SignedInRequest): Promise<SessionPage> {
    const page = await this.records.session(key);
    if (page) return page;
    this.door.count(request, 'unknown id');
    throw new NotFoundException('No session is known by this key; its history may have ended.');
  }

  @Get('agents')
  agents(): Promise<readonly AgentRow[]> {
    return this.records.agents();
  }

  @Get('tools')
  tools(): Promise<readonly ToolRow[]> {
    return this.records.tools();
  }

  @Get('quarantine')
  quarantine(): Promise<readonly QuarantineRow[]> {
    return this.records.quarantine();
  }

  @Post('agents/register')
  @HttpCode(200)
  async register(@Body() body: unknown, @Req() request: SignedInRequest): Promise<Recorded> {
    const { agent, stateHash } = this.#read(registerSchema, body, request);
    return this.#record(request, { kind: 'state-registered', subject: agent, subjectDigest: stateHash });
  }

  @Post('tools/approve-pin')
  @HttpCode(200)
  async approvePin(@Body() body: unknown, @Req() request: SignedInRequest): Promise<Recorded> {
    const { server, tool, digest } = this.#read(pinSchema, body, request);
    return this.#record(request, { kind: 'pin-approved', subject: `${server}/${tool}`, subjectDigest: digest });
  }

  @Post('quarantine/release')
  @HttpCode(200)
  async release(@Body() body: unknown, @Req() request: SignedInRequest): Promise<Recorded> {
    const { quarantineId } = this.#read(releaseSchema, body, request);
    return this.#record(request, { kind: 'release', subject: quarantineId });
  }

  #read<T>(schema: z.ZodType<T>, body: unknown, request: SignedInRequest): T {
    this.door.count(request, 'decision');
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw new BadRequestException('The request does not say what to decide; nothing was recorded.');
    return parsed.data;
  }

  async #record(request: SignedInRequest, what: { readonly kind: 'release' | 'pin-approved' | 'state-registered'; readonly subject: string; readonly subjectDigest?: string }): Promise<Recorded> {
    const { id } = await this.options.desk.record({ ...what, domain: this.options.domain, by: sessionOf(request).person, via: 'console' });
    return { recorded: id };
  }
}

interface Recorded {
  readonly recorded: string;
}
