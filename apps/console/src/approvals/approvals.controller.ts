/**
 * Pending and closed approvals, and the vote.
 * AC1. A vote carries the digest of the card the person saw; `approval` refuses another one.
 * AC2. Decisions, and ids that name nothing, are counted per person and address: ten a minute (P16).
 */
import { BadRequestException, ConflictException, Controller, Get, HttpCode, Inject, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { PeopleDoor } from '../doors/people-door.js';
import { sessionOf, type SignedInRequest } from '../doors/signed-in.guard.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from '../options.js';
import type { ApprovalCard, ApprovalsPage } from '../shared/api.js';
import { cardOf, summaryOf } from './approval-views.js';

const pendingMax = 1_000;
const closedMax = 40;
const voteSchema = z.strictObject({
  outcome: z.enum(['approved', 'denied']),
  message: z.string().max(2000).optional(),
  displayDigest: z.string().min(1).max(128),
});

@Controller('api/approvals')
export class ApprovalsController {
  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ConsoleOptions,
    @Inject(PeopleDoor) private readonly door: PeopleDoor,
  ) {}

  @Get()
  async list(): Promise<ApprovalsPage> {
    const nowMs = this.options.clock.wallMs();
    const [open, newest] = await Promise.all([this.options.desk.list({ state: 'open', limit: pendingMax }), this.options.desk.list({ limit: closedMax * 2 })]);
    const pending = open.map((approval) => summaryOf(approval, nowMs)).sort((a, b) => a.deadlineAtMs - b.deadlineAtMs);
    const closed = newest.filter(({ state }) => state !== 'open').slice(0, closedMax).map((approval) => summaryOf(approval, nowMs));
    return { nowMs, pending, closed };
  }

  @Get(':id')
  async card(@Param('id') id: string, @Req() request: SignedInRequest): Promise<ApprovalCard> {
    const approval = await this.options.desk.get(id);
    if (approval) return cardOf(approval, this.options.clock.wallMs());
    this.door.count(request, 'unknown id');
    throw new NotFoundException('No approval is known by this id.');
  }

  @Post(':id/vote')
  @HttpCode(200)
  async vote(@Param('id') id: string, @Req() request: SignedInRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<ApprovalCard> {
    this.door.count(request, 'decision');
    const vote = voteSchema.safeParse(request.body);
    if (!vote.success) throw new BadRequestException('A vote is an outcome, the digest of the card it is about, and perhaps a message of up to 2000 characters; nothing was decided.');
    const answer = await this.options.desk.vote({ approvalId: id, person: sessionOf(request).person, ...vote.data });
    if (!answer.ok) throw answer.code === 'unknown' ? new NotFoundException(answer.message) : new ConflictException(answer.message);
    this.door.renew(request, reply);
    return cardOf(answer.approval, this.options.clock.wallMs());
  }
}
