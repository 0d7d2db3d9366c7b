/** For supervisors and scrapers: `/healthz` (alive), `/readyz` (every part runs), `/metrics`. Says nothing about agents or calls. */
import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Health } from './health.js';
import type { Metrics } from './metrics.js';
import { METRICS } from './ports-module.js';

/** Token of `{name, version}` of the service. */
export const SERVICE = Symbol('countersign service');

export interface ServiceName {
  readonly name: string;
  readonly version: string;
}

@Controller()
export class HealthController {
  constructor(
    @Inject(Health) private readonly health: Health,
    @Inject(METRICS) private readonly metricsText: Metrics,
    @Inject(SERVICE) private readonly service: ServiceName,
  ) {}

  @Get('healthz')
  @Header('cache-control', 'no-store')
  healthz(): ServiceName & { readonly status: 'ok' } {
    return { status: 'ok', ...this.service };
  }

  @Get('readyz')
  readyz(@Res() reply: FastifyReply): void {
    const { isReady, parts } = this.health;
    void reply.status(isReady ? 200 : 503).header('cache-control', 'no-store').send({ ready: isReady, parts });
  }

  @Get('metrics')
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    await reply.type(this.metricsText.contentType).send(await this.metricsText.text());
  }
}
