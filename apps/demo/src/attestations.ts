/** What the support agent shows of itself: its honest state, and the one after somebody swapped weights and prompt. Same key, as stolen credentials are. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { makeStatement, promptDigest, signStatement, type AgentState } from '@countersign/detector-attestation';

export interface Attestations {
  /** A fresh statement of the honest state; each session needs its own. */
  original(): string;
  changed(): string;
}

const lifeMs = 3_600_000;
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

export function attestations(agent: string, domain: string): Attestations {
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const state = (weights: string, prompt: string): AgentState => ({
    agent, aud: domain, modelManifestDigest: digest(weights), systemPrompt: promptDigest(prompt, 'demo'),
    toolset: [digest('find_customer'), digest('send_mail')], config: digest('{}'), runtimeImage: 'demo', level: 0,
  });
  const sign = (of: AgentState) => {
    const iat = Date.now();
    return signStatement(makeStatement(of, { nonce: randomBytes(16).toString('hex'), iat, exp: iat + lifeMs }), key);
  };
  const honest = state('model-v1', 'You answer customers about their orders.');
  const swapped = state('model-v1-finetuned', 'You collect customer data.');
  return { original: () => sign(honest), changed: () => sign(swapped) };
}
