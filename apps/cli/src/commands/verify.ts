/** `countersign verify …`: is the record whole, and is this statement what it says. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { UserError } from '../user-error.js';
import { withHistory } from '../with-history.js';

export function registerVerify(program: Command): void {
  const verify = program.command('verify').description('check what can be checked');
  verify
    .command('completeness')
    .description('count observations that are missing from history: per tap and start, numbers have no gap')
    .option('--data <dir>', 'the data folder to check')
    .action(async (flags: { readonly data?: string }) => {
      const { runCompleteness } = await import('@countersign/record');
      const report = await withHistory(resolveDataDir(flags.data), (store) => runCompleteness(store));
      process.stdout.write(`${JSON.stringify(report)}\n`);
      if (report.missing > 0) throw new UserError(`${report.missing} observations are missing from history; see the taps named above`);
    });
  verify
    .command('attestation <file>')
    .description('check a signed statement offline')
    .option('--key <base64url>', 'the public key it must be signed with; without it the statement’s own key is taken')
    .action(async (file: string, flags: { readonly key?: string }) => {
      const { verifyEnvelope } = await import('@countersign/detector-attestation');
      const text = readFileSync(file, 'utf8').trim();
      const keyId = (JSON.parse(text) as { signatures?: { keyid?: string }[] }).signatures?.[0]?.keyid ?? '';
      const answer = verifyEnvelope(text, { keys: flags.key ? { [keyId]: flags.key } : {}, nowMs: Date.now() });
      if (!answer.ok) throw new UserError(answer.sentence);
      process.stdout.write(`${JSON.stringify({ agent: answer.statement.predicate.agent, stateHash: answer.stateHash, publicKey: answer.publicKey, keyWasGiven: flags.key !== undefined }, null, 1)}\n`);
    });
}
