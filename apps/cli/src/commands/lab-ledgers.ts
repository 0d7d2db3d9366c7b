/** `countersign lab ledger|verdict|ingest`: what the distributed profile's engines cost, against the embedded ones in the same run. */
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

interface Flags {
  readonly brokers?: string;
  readonly json?: boolean;
}

export function registerLabLedgers(lab: Command): void {
  const command = (name: string, what: string): Command =>
    lab.command(name).description(what).option('--brokers <list>', 'host:port of a running Kafka without TLS, several with commas; none: the embedded ledger alone').option('--json', 'print JSON');
  command('ledger', 'appends and readings a second, and two hops there and back, SQLite against Kafka').action(measureLedgers);
  command('verdict', 'how long a medium call waits for its verdict, hop by hop, alone and at 5, 50 and 500 calls a second').option('--loads <list>', 'calls a second, with commas; 0 is one after the other', '0,5,50,500').option('--seconds <n>', 'of each load', '8').action(measureVerdictWay);
  command('ingest', 'from the ledger into history: records a second and core, and how soon they can be asked for').option('--records <n>', 'in the ledger when the recorder starts', '60000').option('--offers <list>', 'records a second, with commas', '100,1000,10000').option('--seconds <n>', 'of each offer', '6').action(measureIngestion);
}

async function measureLedgers(flags: Flags): Promise<void> {
  const { compareLedgers, shownLedgers } = await import('@countersign/lab');
  const measured = await compareLedgers(brokersOf(flags));
  print(flags, measured, shownLedgers(measured));
}

async function measureVerdictWay(flags: Flags & { readonly loads: string; readonly seconds: string }): Promise<void> {
  const { compareVerdicts, shownVerdicts } = await import('@countersign/lab');
  const seconds = positive(flags.seconds, '--seconds');
  const loads = flags.loads.split(',').map((text) => (text.trim() === '0' ? { calls: 400 } : { callsPerSecond: positive(text, '--loads'), calls: Math.max(20, Math.round(positive(text, '--loads') * seconds)) }));
  const measured = await compareVerdicts({ ...brokersOf(flags), loads });
  print(flags, measured, shownVerdicts(measured));
}

async function measureIngestion(flags: Flags & { readonly records: string; readonly offers: string; readonly seconds: string }): Promise<void> {
  const { compareIngest, shownIngest } = await import('@countersign/lab');
  const seconds = positive(flags.seconds, '--seconds');
  const measured = await compareIngest({ ...brokersOf(flags), records: positive(flags.records, '--records'), offers: flags.offers.split(',').map((text) => ({ perSecond: positive(text, '--offers'), seconds })) });
  print(flags, measured, shownIngest(measured));
}

function brokersOf({ brokers }: Flags): { readonly brokers?: readonly string[] } {
  return brokers === undefined ? {} : { brokers: brokers.split(',').map((broker) => broker.trim()) };
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new UserError(`${name} takes numbers above 0, not ${JSON.stringify(text)}. Nothing was measured.`);
  return value;
}

function print({ json }: Flags, measured: unknown, shown: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(measured, null, 1)}\n` : `${shown.join('\n')}\n`);
}
