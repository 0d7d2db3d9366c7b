/**
 * One NestJS application of ours: ports, modules, health, one listener.
 * CS1. It listens on loopback unless told otherwise; health and metrics are for supervisors on this machine.
 * CS2. What the framework has to say becomes telemetry; it prints nothing of its own.
 * CS3. It reads no environment and catches no signals: that is `main`'s.
 */
import type { Telemetry } from '@countersign/pipeline';
import { Module, type DynamicModule, type LoggerService, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Health } from './health.js';
import { HealthController, SERVICE, type ServiceName } from './health-controller.js';
import { PortsModule, type Ports } from './ports-module.js';

const bodyBytesMaxDefault = 1024 * 1024;

export interface ServiceOptions extends ServiceName {
  readonly ports: Ports;
  readonly imports?: ModuleMetadata['imports'];
  readonly providers?: ModuleMetadata['providers'];
  readonly controllers?: ModuleMetadata['controllers'];
  /** Loopback and a free port by default. */
  readonly host?: string;
  readonly port?: number;
  /** `/healthz`, `/readyz`, `/metrics`; default true. Off where the listener faces people. */
  readonly exposesHealth?: boolean;
  readonly bodyBytesMax?: number;
  /** Called before the modules start and the listener opens: hooks, cookies, static files. */
  readonly prepare?: (app: NestFastifyApplication) => void | Promise<void>;
}

export interface Service {
  readonly app: NestFastifyApplication;
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly health: Health;
  /** Closes the listener, then stops every processor in order. The ports stay open; they are the caller's. */
  stop(): Promise<void>;
}

@Module({})
class ServiceModule {}

/** @throws when a module cannot start or the address is taken; what had started is stopped again. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { name, version, ports } = options;
  const adapter = new FastifyAdapter({ bodyLimit: options.bodyBytesMax ?? bodyBytesMaxDefault });
  const app = await NestFactory.create<NestFastifyApplication>(moduleOf(options), adapter, { logger: loggerTo(ports.telemetry), abortOnError: false });
  try {
    await options.prepare?.(app);
    await app.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  } catch (error) {
    await app.close();
    throw error;
  }
  ports.telemetry({ event: 'ServiceStarted', level: 'info', message: `${name} ${version} is up.`, fields: { version, commit: '' } });
  return { app, url: (await app.getUrl()).replace(/\/$/, ''), health: app.get(Health), stop: () => app.close() };
}

function moduleOf({ name, version, ports, imports, providers, controllers, exposesHealth = true }: ServiceOptions): DynamicModule {
  return {
    module: ServiceModule,
    imports: [PortsModule.forRoot(ports), ...(imports ?? [])],
    providers: [{ provide: SERVICE, useValue: { name, version } }, ...(providers ?? [])],
    controllers: [...(exposesHealth ? [HealthController] : []), ...(controllers ?? [])],
  };
}

function loggerTo(telemetry: Telemetry): LoggerService {
  const say = (level: 'error' | 'warn' | 'debug', what: unknown): void =>
    telemetry({ event: 'FrameworkSpoke', level, message: what instanceof Error ? what.message : String(what) });
  return { log: (what: unknown) => say('debug', what), error: (what: unknown) => say('error', what), warn: (what: unknown) => say('warn', what), debug: (what: unknown) => say('debug', what), verbose: (what: unknown) => say('debug', what) };
}
