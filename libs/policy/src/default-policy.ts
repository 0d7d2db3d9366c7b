/**
 * The default policy, already parsed: for whoever must know a policy before the gate has sent one and carries no YAML reader.
 * DP1. Equal to what `parsePolicy(defaultPolicyText)` gives; a test keeps the two together.
 */
import type { Policy } from './policy.js';

const all = ['behaviour', 'provenance', 'injection', 'attestation', 'probe'] as const;

export const defaultPolicy: Policy = {
  version: 'default-2',
  mode: 'enforce',
  tiers: {
    low: { requires: [], deadlineMs: 0, onUnavailable: 'allow' },
    medium: { requires: ['behaviour', 'provenance', 'injection', 'attestation'], deadlineMs: 1000, onUnavailable: 'deny' },
    high: { requires: [...all], deadlineMs: 1500, onUnavailable: 'deny' },
    critical: { requires: [...all], deadlineMs: 2000, onUnavailable: 'deny', ask: { groups: ['operators'], quorum: 1, deadlineMs: 900_000 } },
  },
  rules: [
    {
      name: 'money moves', tier: 'critical',
      when: 'impact != "read" && tool.lowerAscii().matches("(^|[^a-z])(pay|wire|refund|payout|withdraw|transfer_(money|funds)|send_(money|payment|funds)|schedule_(payment|transaction)|make_(payment|transfer))([^a-z]|$)")',
    },
    {
      name: 'deletes many', tier: 'critical',
      when: 'impact == "irreversible" && tool.lowerAscii().matches("(delete|remove|drop|purge|erase|destroy|wipe|truncate)[^a-z]*(all|many|bulk|batch|multiple|table|tables|database|databases|schema|bucket|repository|repo|account|accounts|customers|users)([^a-z]|$)|(^|[^a-z])(drop|purge|truncate|wipe)([^a-z]|$)")',
    },
    {
      name: 'passwords and permissions change', tier: 'critical',
      when: 'impact != "read" && tool.lowerAscii().matches("(^|[^a-z])(password|passwords|passwd|credential|credentials|secret|secrets|permission|permissions|privilege|privileges|role|roles|sudo|acl)([^a-z]|$)")',
    },
    { name: 'never seen tool', when: '!known', tier: 'high' },
    { name: 'leaves the house', when: 'impact == "egress"', tier: 'high' },
    { name: 'cannot be undone', when: 'impact == "irreversible"', tier: 'high' },
    { name: 'writes', when: 'impact == "write"', tier: 'medium' },
    { name: 'reads', when: 'impact == "read"', tier: 'low' },
  ],
  tools: [],
  sources: [],
  agents: [],
  knownEntities: [],
  ask: { groups: ['operators'], quorum: 1, deadlineMs: 300_000 },
  results: { waitWhen: 'openWorld || !known', requires: ['injection'], deadlineMs: 1000, onUnavailable: 'allow', poisoned: 'quarantine' },
  gates: {
    'flow-to-sink': 'deny', capability: 'deny', 'pin-changed': 'step_up', 'hidden-text': 'deny', 'attestation-changed': 'deny',
    'attestation-invalid': 'deny', 'attestation-conflict': 'deny', 'ambiguous-json': 'deny', 'tainted-target': 'score', 'habits-changed': 'step_up', 'unscanned-source': 'step_up',
  },
  scores: {
    write: { stepUp: 0.01, hold: 0.001, taintHold: 0.05 },
    egress: { stepUp: 0.01, hold: 0.001, taintHold: 0.1 },
    irreversible: { stepUp: 0.01, hold: 0.001, taintHold: 0.1 },
    sessionsMin: 20,
    fused: { threshold: 0, pMax: 1, uncalibrated: 'step_up' },
  },
  absent: { attestation: 'show', activation: 'show', task: 'show' },
  attestation: { firstUse: 'accept', keys: {} },
  sessions: { firstCallTier: 'medium' },
  pins: { firstUse: 'accept' },
  holds: { holdMs: 50_000, pendingPerAgentMax: 3 },
  payload: 'full',
};
