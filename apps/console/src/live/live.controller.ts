/** News as server-sent events: one stream per open page, closed when its session ends. */
import { Controller, Get, HttpException, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { safeHeaders } from '../doors/request-checks.js';
import { sessionOf, type SignedInRequest } from '../doors/signed-in.guard.js';
import { SignIns } from '../doors/sign-ins.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from '../options.js';
import type { LiveEvent } from '../shared/api.js';
import { LiveNews } from './live-news.js';

const aliveMs = 20_000;
const text = (events: readonly LiveEvent[]) => events.map((event) => `event: ${event}\ndata: {}\n\n`).join('');

@Controller('api/live')
export class LiveController {
  constructor(
    @Inject(LiveNews) private readonly news: LiveNews,
    @Inject(SignIns) private readonly signIns: SignIns,
    @Inject(CONSOLE_OPTIONS) private readonly options: ConsoleOptions,
  ) {}

  @Get()
  open(@Req() request: SignedInRequest, @Res() reply: FastifyReply): void {
    const session = sessionOf(request);
    const stream = reply.raw;
    const listener = this.news.listen((events) => stream.write(text(events)));
    if (!listener) throw new HttpException('Too many pages are open at once; close one and reload.', 503);
    reply.hijack();
    stream.writeHead(200, { ...safeHeaders(this.options.scheme ?? 'http'), 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    stream.write(text(['approvals', 'history', 'status']));
    const forget = this.signIns.onEnd(session, () => void stream.end(text(['signed-out'])));
    let cancel = (): void => undefined;
    const stayAlive = () => {
      cancel = this.options.clock.after(aliveMs, () => {
        this.signIns.sweep();
        if (stream.writableEnded) return;
        // A page that takes nothing gets nothing more into its buffer.
        if (!stream.writableNeedDrain) stream.write(': alive\n\n');
        stayAlive();
      });
    };
    stayAlive();
    stream.on('drain', () => this.news.ready(listener));
    stream.on('close', () => {
      cancel();
      forget();
      this.news.leave(listener);
    });
  }
}
