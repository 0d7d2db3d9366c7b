export { ConsoleModule } from './console.module.js';
export { createConsole, startConsole, type RunningConsole } from './start-console.js';
export type { ConsoleOptions, Desk } from './options.js';
export { signInByLink, type SignedInPerson } from './console-client.js';
export { startConsoleService, type RunningConsoleService } from './start-console-service.js';
