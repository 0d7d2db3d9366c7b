/** Puts the console together. Routes are closed unless they say `@Open()`. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, Reflector } from '@nestjs/core';
import { ApprovalsController } from './approvals/approvals.controller.js';
import { PeopleDoor } from './doors/people-door.js';
import type { Door } from './doors/request-checks.js';
import { SessionCookie } from './doors/session-cookie.js';
import { SignedInGuard } from './doors/signed-in.guard.js';
import { SignIns } from './doors/sign-ins.js';
import { LiveController } from './live/live.controller.js';
import { LiveNews } from './live/live-news.js';
import { CONSOLE_OPTIONS, type ConsoleOptions } from './options.js';
import { readBuiltPages } from './pages/built-pages.js';
import { BUILT_PAGES, PagesController } from './pages/pages.controller.js';
import { RecordsController } from './records/records.controller.js';
import { Records } from './records/records.js';
import { RefusalFilter } from './refusal-filter.js';
import { SignInController } from './sign-in/sign-in.controller.js';

/** 256 bits, URL-safe. */
const randomToken = () => randomBytes(32).toString('base64url');
/** `dist/web`, seen from `src` and from `dist` alike. */
const builtPages = () => readBuiltPages(fileURLToPath(new URL('../dist/web', import.meta.url)));

@Module({})
export class ConsoleModule {
  static forRoot(options: ConsoleOptions, door: Door): DynamicModule {
    const { clock, eventLog, desk, telemetry, limits } = options;
    const signIns = new SignIns({ clock, randomToken, ...(limits ? { limits } : {}) });
    const cookie = new SessionCookie(door);
    return {
      module: ConsoleModule,
      controllers: [SignInController, ApprovalsController, RecordsController, LiveController, PagesController],
      providers: [
        Reflector,
        { provide: CONSOLE_OPTIONS, useValue: options },
        { provide: SignIns, useValue: signIns },
        { provide: SessionCookie, useValue: cookie },
        { provide: PeopleDoor, useValue: new PeopleDoor({ clock, signIns, cookie }) },
        { provide: LiveNews, useValue: new LiveNews({ eventLog, desk, clock, telemetry }) },
        { provide: Records, useValue: new Records({ history: options.history, domain: options.domain, clock }) },
        { provide: BUILT_PAGES, useFactory: builtPages },
        { provide: APP_GUARD, useClass: SignedInGuard },
        { provide: APP_FILTER, useValue: new RefusalFilter(telemetry) },
      ],
    };
  }
}
