/**
 * `countersign …`. Each command loads its app when it is asked for, so that none pays for another.
 * Errors a person can act on are one sentence on stderr and exit code 1; anything else keeps its stack, because it is a defect.
 */
import { Command } from 'commander';
import { registerAttest } from './commands/attest.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEnrol } from './commands/enrol.js';
import { registerHistory } from './commands/history.js';
import { registerHook } from './commands/hook.js';
import { registerLab } from './commands/lab.js';
import { registerLogin } from './commands/login.js';
import { registerObserver } from './commands/observer.js';
import { registerPolicy } from './commands/policy.js';
import { registerPrepare } from './commands/prepare.js';
import { registerRecall } from './commands/recall.js';
import { registerStages } from './commands/stages.js';
import { registerUnwrap } from './commands/unwrap.js';
import { registerUp } from './commands/up.js';
import { registerVerify } from './commands/verify.js';
import { registerWrap } from './commands/wrap.js';
import { UserError } from './user-error.js';

const program = new Command('countersign').description('A trust layer for the Model Context Protocol').version('0.1.0');
program
  .command('tap')
  .description('put a tap in front of one MCP server: countersign tap -- COMMAND [ARGS…] · countersign tap --upstream URL --listen HOST:PORT')
  .allowUnknownOption()
  .action(() => {
    throw new UserError('`tap` is handled before this program starts; call it as `countersign tap …`.');
  });
for (const register of [registerUp, registerLogin, registerDemo, registerHistory, registerRecall, registerVerify, registerAttest, registerObserver, registerPolicy, registerPrepare, registerStages, registerLab, registerWrap, registerUnwrap, registerDoctor, registerEnrol, registerHook]) register(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`countersign: ${error.message}\n`);
  process.exitCode = 1;
}
