/**
 * What an agent says it is: digests of its weights, prompt, tools, configuration and runtime.
 * AS1. The state hash does not move when only freshness moves: `nonce`, `iat`, `exp` and `prev` are outside it.
 * AS2. Digests come in, never the things themselves: a prompt stays where it is.
 * Shape: an in-toto statement whose subject is the agent and whose predicate is its state.
 */
import { createHash, createHmac } from 'node:crypto';
import { canonicalJson } from '@countersign/policy';

export const statementType = 'https://in-toto.io/Statement/v1';
export const predicateType = 'https://countersign.dev/agent-state/v1';
/** The longest life of one statement; milliseconds. */
export const statementLifeMsMax = 24 * 60 * 60 * 1000;

/** Times are milliseconds since 1970; digests are lower-case hex. */
export interface AgentState {
  readonly agent: string;
  /** The domain it may be shown to; another domain refuses it. */
  readonly aud: string;
  /** SHA-256 over the sorted (path, SHA-256) pairs of weights, adapters and tokenizer. */
  readonly modelManifestDigest: string;
  /** `promptDigest(prompt, domainKey)`. */
  readonly systemPrompt: string;
  /** The tools it was built to use, by definition digest; sorted by `makeStatement`. */
  readonly toolset: readonly string[];
  /** SHA-256 over the canonical JSON of its configuration. */
  readonly config: string;
  readonly runtimeImage: string;
  /** What the issuer claims: 0 self-asserted, 1 sidecar key, 2 pipeline-signed, 3 hardware quote. What was verified is another number. */
  readonly level: 0 | 1 | 2 | 3;
}

export interface Freshness {
  /** At least 16 characters, never used before; one nonce serves one session per server. */
  readonly nonce: string;
  readonly iat: number;
  readonly exp: number;
  /** State hash of the statement this one follows. */
  readonly prev?: string;
}

export interface Statement {
  readonly _type: typeof statementType;
  readonly subject: readonly [{ readonly name: string; readonly digest: { readonly sha256: string } }];
  readonly predicateType: typeof predicateType;
  readonly predicate: AgentState & Freshness;
}

/** @throws RangeError when it would live longer than `statementLifeMsMax` or ends before it begins. */
export function makeStatement(state: AgentState, freshness: Freshness): Statement {
  if (freshness.exp <= freshness.iat || freshness.exp - freshness.iat > statementLifeMsMax) {
    throw new RangeError('A statement ends after it begins and lives at most 24 hours; choose an earlier `exp`.');
  }
  const { agent, aud, modelManifestDigest, systemPrompt, toolset, config, runtimeImage, level } = state;
  const { nonce, iat, exp, prev } = freshness;
  return {
    _type: statementType,
    subject: [{ name: agent, digest: { sha256: modelManifestDigest } }],
    predicateType,
    predicate: {
      agent, aud, modelManifestDigest, systemPrompt, toolset: [...toolset].sort(), config, runtimeImage, level, nonce, iat, exp,
      ...(prev !== undefined && { prev }),
    },
  };
}

/** @returns 64 hex digits; the first 32 are what later calls carry. */
export function stateHash(statement: Statement): string {
  const { agent, aud, modelManifestDigest, systemPrompt, toolset, config, runtimeImage, level } = statement.predicate;
  const state: AgentState = { agent, aud, modelManifestDigest, systemPrompt, toolset, config, runtimeImage, level };
  return createHash('sha256').update(canonicalJson({ ...statement, predicate: state })).digest('hex');
}

/** Keyed, because a plain hash of a prompt can be guessed and confirmed. @returns 64 hex digits. */
export function promptDigest(prompt: string, domainKey: Uint8Array | string): string {
  return createHmac('sha256', domainKey).update(prompt, 'utf8').digest('hex');
}

/** @returns the reason it is not a statement of ours, or the statement. */
export function readStatement(value: unknown): Statement | string {
  if (!hasExactly(value, ['_type', 'subject', 'predicateType', 'predicate'])) return 'it does not have the members of a statement';
  if (value['_type'] !== statementType || value['predicateType'] !== predicateType) return 'its type is another';
  const predicate = value['predicate'];
  if (!isRecord(predicate)) return 'its predicate is not an object';
  const { prev, ...required } = predicate;
  if (!hasExactly(required, requiredMembers)) return 'its predicate lacks members or has unknown ones';
  if (prev !== undefined && typeof prev !== 'string') return 'its `prev` is not a text';
  if (!textMembers.every((name) => isText(required[name]))) return 'a digest or name in it is not a text';
  const toolset = required['toolset'];
  if (!Array.isArray(toolset) || !toolset.every(isText)) return 'its toolset is not a list of digests';
  if (![0, 1, 2, 3].includes(required['level'] as number)) return 'its level is not 0 to 3';
  if (!Number.isSafeInteger(required['iat']) || !Number.isSafeInteger(required['exp'])) return 'its times are not whole milliseconds';
  if ((required['nonce'] as string).length < 16) return 'its nonce is shorter than 16 characters';
  const statement = value as unknown as Statement;
  return subjectAgrees(statement) ? statement : 'its subject is not the agent and model of its predicate';
}

const textMembers = ['agent', 'aud', 'modelManifestDigest', 'systemPrompt', 'config', 'runtimeImage', 'nonce'] as const;
const requiredMembers = [...textMembers, 'toolset', 'level', 'iat', 'exp'];

function subjectAgrees({ subject, predicate }: Statement): boolean {
  const [first, ...more] = Array.isArray(subject) ? (subject as readonly unknown[]) : [];
  if (more.length > 0 || !hasExactly(first, ['name', 'digest']) || !hasExactly(first['digest'], ['sha256'])) return false;
  return first['name'] === predicate.agent && first['digest']['sha256'] === predicate.modelManifestDigest;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 512;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Unknown members are refused: what a verifier does not understand it must not vouch for. */
export function hasExactly(value: unknown, names: readonly string[]): value is Record<string, unknown> {
  if (!isRecord(value)) return false;
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => Object.hasOwn(value, name));
}
