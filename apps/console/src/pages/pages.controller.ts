/** Hands out the page, to anyone who knows the address: it holds no data, and everything it asks for needs a session. */
import { Controller, Get, Inject, NotFoundException, Param, Res, ServiceUnavailableException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Open } from '../doors/signed-in.guard.js';
import type { BuiltPages } from './built-pages.js';

export const BUILT_PAGES = Symbol('BuiltPages');
const pagePaths = ['', 'login', 'approvals', 'sessions', 'agents', 'tools', 'quarantine', 'policy'];

@Open()
@Controller()
export class PagesController {
  constructor(@Inject(BUILT_PAGES) private readonly pages: BuiltPages) {}

  @Get(pagePaths)
  page(@Res() reply: FastifyReply): void {
    if (!this.pages.page) throw new ServiceUnavailableException('The console’s pages are not built. Run `npm run build` and start again.');
    void reply.header('content-type', 'text/html; charset=utf-8').header('cache-control', 'no-store').send(this.pages.page);
  }

  @Get('assets/:name')
  asset(@Param('name') name: string, @Res() reply: FastifyReply): void {
    const file = this.pages.assets.get(name);
    if (!file) throw new NotFoundException('There is no such file.');
    void reply.header('content-type', file.type).header('cache-control', 'public, max-age=31536000, immutable').send(file.body);
  }
}
