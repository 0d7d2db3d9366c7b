/**
 * `countersign attest`: a signed statement of what an agent is, written to a file its tap reads (COUNTERSIGN_ATTESTATION_FILE).
 * Weights are hashed by content; the prompt is keyed, because a plain digest of a prompt can be guessed.
 */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

interface AttestFlags {
  readonly agent: string;
  readonly domain: string;
  readonly key: string;
  readonly weights?: string;
  readonly prompt?: string;
  readonly config?: string;
  readonly runtime: string;
  readonly hours: string;
  readonly out: string;
}

export function registerAttest(program: Command): void {
  program
    .command('attest')
    .description('sign a statement of an agent’s weights, prompt and configuration')
    .requiredOption('--agent <name>', 'the agent’s configured name')
    .requiredOption('--key <file>', 'Ed25519 private key (PEM); made if missing')
    .requiredOption('--out <file>', 'where the statement goes')
    .option('--domain <name>', 'the domain it is for', 'local')
    .option('--weights <path>', 'file or folder of weights, adapters and tokenizer')
    .option('--prompt <file>', 'the system prompt')
    .option('--config <file>', 'JSON configuration')
    .option('--runtime <name>', 'runtime image or version', 'unknown')
    .option('--hours <n>', 'how long it is good; at most 24', '12')
    .action(attest);
}

async function attest(flags: AttestFlags): Promise<void> {
  const { makeStatement, promptDigest, signStatement, stateHash } = await import('@countersign/detector-attestation');
  const { canonicalJson } = await import('@countersign/policy');
  const privateKey = privateKeyAt(flags.key);
  const iat = Date.now();
  const statement = makeStatement(
    {
      agent: flags.agent, aud: flags.domain, toolset: [], runtimeImage: flags.runtime, level: 0,
      modelManifestDigest: await manifestDigest(flags.weights),
      systemPrompt: promptDigest(flags.prompt ? readFileSync(flags.prompt, 'utf8') : '', createHash('sha256').update(privateKey).digest()),
      config: sha256(canonicalJson(flags.config ? JSON.parse(readFileSync(flags.config, 'utf8')) : {})),
    },
    { nonce: randomBytes(16).toString('hex'), iat, exp: iat + Number(flags.hours) * 3_600_000 },
  );
  writeFileSync(flags.out, signStatement(statement, privateKey), { mode: 0o600 });
  process.stdout.write(`${flags.out}: state ${stateHash(statement)} of ${flags.agent}, good for ${flags.hours} h\n`);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function privateKeyAt(file: string): string {
  if (!existsSync(file)) {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(file, 'utf8');
}

/** SHA-256 over the sorted (path, SHA-256) pairs of every file below `path`. */
async function manifestDigest(path: string | undefined): Promise<string> {
  if (!path) return sha256('');
  if (!existsSync(path)) throw new UserError(`there are no weights at ${path}`);
  const files = statSync(path).isDirectory() ? readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)) : [path];
  const lines = await Promise.all(files.sort().map(async (file) => `${relative(path, file)} ${await fileDigest(file)}`));
  return sha256(lines.join('\n'));
}

async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
