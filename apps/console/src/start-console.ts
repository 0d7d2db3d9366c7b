/**
 * Opens the people's door: a listener of its own, on loopback unless told otherwise.
 * ST1. Everything that comes in passes `refusalOf` first, files and unknown paths included, and leaves with `safeHeaders`.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConsoleModule } from './console.module.js';
import { refusalOf, safeHeaders, type Door } from './doors/request-checks.js';
import { SignIns } from './doors/sign-ins.js';
import { LiveNews } from './live/live-news.js';
import type { ConsoleOptions } from './options.js';

export interface RunningConsole {
  /** Origin, e.g. `http://127.0.0.1:49152`. */
  readonly url: string;
  /** @returns a new sign-in link: good once, for ten minutes. @param person who signs in by it; default: the console's own. */
  loginLink(person?: string): string;
  /** Tells open pages to look again after something no record tells (a policy was loaded, a tap connected). */
  refresh(): void;
  stop(): Promise<void>;
}

const bodyBytesMax = 64 * 1024;
const defaultPerson = 'operator';

/** @throws when the address is taken or the ledger cannot be followed. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const host = options.listen?.host ?? '127.0.0.1';
  const app = await createConsole(options);
  await app.listen(options.listen?.port ?? 0, host);
  const port = portOf(app);
  const scheme = options.scheme ?? 'http';
  const url = `${scheme}://${options.hosts?.[0] ?? `${host.includes(':') ? `[${host}]` : host}:${port}`}`;
  const news = app.get(LiveNews);
  options.telemetry({ event: 'ConsoleOpened', level: 'info', message: 'The console is open.', fields: { port } });
  return {
    url,
    loginLink: (person = options.person ?? defaultPerson) => `${url}/login#${app.get(SignIns).makeLink(person)}`,
    refresh: () => news.tell(['approvals', 'history', 'status']),
    stop: async () => {
      await news.stop();
      await app.close();
    },
  };
}

/** The application before it listens; tests inject requests here. */
export async function createConsole(options: ConsoleOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ logger: false, bodyLimit: bodyBytesMax, forceCloseConnections: true, routerOptions: { maxParamLength: 512 } });
  const door: Door = { scheme: options.scheme ?? 'http', port: () => portOf(app), hosts: options.hosts ?? [] };
  const app: NestFastifyApplication = await NestFactory.create<NestFastifyApplication>(ConsoleModule.forRoot(options, door), adapter, { logger: false, bodyParser: false });
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    void reply.headers(safeHeaders(door.scheme));
    const refusal = refusalOf(request, door);
    if (refusal) void reply.status(refusal.status).header('cache-control', 'no-store').send({ error: refusal.error });
    else done();
  });
  await app.init();
  await app.get(LiveNews).start();
  return app;
}

function portOf(app: NestFastifyApplication): number {
  const address: unknown = app.getHttpServer().address();
  return typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number' ? address.port : 0;
}
