/** `countersign policy default|check`: the policy that ships, and whether a file would be accepted. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

export function registerPolicy(program: Command): void {
  const policy = program.command('policy').description('look at and check policy files');
  policy
    .command('default')
    .description('print the default policy')
    .action(async () => {
      const { defaultPolicyText } = await import('@countersign/policy');
      process.stdout.write(defaultPolicyText);
    });
  policy
    .command('check <file>')
    .description('say whether this policy would be accepted, with line and reason if not')
    .action(async (file: string) => {
      const { parsePolicy } = await import('@countersign/policy');
      const parsed = parsePolicy(readText(file), file);
      if (!parsed.ok) throw new UserError(`this policy would be refused:\n${parsed.problems.map((p) => `  ${p.file}:${p.line}:${p.column} ${p.message}`).join('\n')}`);
      process.stdout.write(`${file} is a valid policy, version ${parsed.version}\n`);
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
