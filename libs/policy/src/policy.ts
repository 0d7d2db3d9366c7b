/**
 * What a policy says, as data. `parse.ts` reads it from YAML and refuses what is wrong with file, line and reason.
 * POL1. A policy is plain JSON: it can be sealed, pushed to taps, compared and stored.
 * POL2. Its version names its content: `version` plus the first 12 hex digits of its digest.
 * POL3. What is not said takes the documented default; nothing is guessed from traffic.
 * Does not know: findings' arithmetic, clocks, where a call is held.
 */
import { detectorNames, impactSchema, tierSchema } from '@countersign/contracts';
import { z } from 'zod';

const glob = z.string().min(1).max(256);
const cel = z.string().min(1).max(2000);
/** ` · ` separates a rule's name from notes behind it in a call's `tierRule`. */
const ruleName = z.string().min(1).max(128).refine((name) => !name.includes('·'), 'a name has no "·"');
const detectors = z.array(z.enum(detectorNames));
const onAbsent = z.enum(['show', 'step_up', 'deny']);
/** `score`: the finding counts in the fused score and decides nothing alone; where there is no fused score it steps up. */
const gateAction = z.enum(['show', 'score', 'step_up', 'deny']);

export const askRuleSchema = z.strictObject({
  groups: z.array(z.string().min(1)).min(1),
  quorum: z.number().int().min(1).max(5),
  deadlineMs: z.number().int().min(1_000).max(86_400_000),
});

export const tierRuleSchema = z
  .strictObject({
  /** Detectors whose findings the judge waits for. */
  requires: detectors,
  /** The tap waits this long for a verdict, from its first byte of the hold; 0 = forwards at once. */
  deadlineMs: z.number().int().min(0).max(10_000),
  /** No verdict in time (gate down, judge late): what the tap does. */
  onUnavailable: z.enum(['allow', 'deny']),
  /** Present: every call of this tier goes to people. */
  ask: askRuleSchema.optional(),
  })
  .refine((rule) => rule.ask === undefined || rule.deadlineMs > 0, 'a tier that asks people waits for a verdict first: its deadlineMs is above 0');
export type TierRule = z.infer<typeof tierRuleSchema>;

/**
 * First match wins. `when` is CEL over: impact, server, tool, agent{name,role}, args, annotations, known(bool: was the definition seen), openWorld.
 * With `method` the rule is about messages of other methods than `tools/call`; `when` then is CEL over: method, server, agent, args (the params).
 */
export const callRuleSchema = z
  .strictObject({ name: ruleName, method: glob.optional(), when: cel, tier: tierSchema.optional(), deny: z.string().max(400).optional() })
  .refine((rule) => (rule.tier === undefined) !== (rule.deny === undefined), 'a rule sets either `tier` or `deny`')
  .refine((rule) => rule.method !== 'tools/call', 'rules for tools/call have no `method`: every rule without one is for tool calls');

/** Changes an argument of the calls it is about, before anybody judges, approves or runs them. Every edit that applies is made, in order. */
export const editRuleSchema = z
  .strictObject({
    name: ruleName,
    server: glob,
    tool: glob,
    /** CEL, as in `rules`, over the call as the agent wrote it. Absent: always. */
    when: cel.optional(),
    /** Where it stands in the arguments: names joined by dots. */
    argument: z.string().regex(/^[^.]{1,100}(\.[^.]{1,100}){0,7}$/, 'names joined by dots, at most eight'),
    drop: z.literal(true).optional(),
    max: z.number().optional(),
    min: z.number().optional(),
    set: z.union([z.string().max(1000), z.number(), z.boolean(), z.null()]).optional(),
  })
  .refine((rule) => [rule.drop, rule.max ?? rule.min, rule.set].filter((does) => does !== undefined).length === 1, 'an edit does one thing: `drop`, `set`, or `max` and `min`')
  .refine((rule) => rule.max === undefined || rule.min === undefined || rule.min <= rule.max, '`min` is not above `max`');
export type EditRule = z.infer<typeof editRuleSchema>;

/** An administrator's word on a tool; beats every guess from its definition. */
export const toolFactSchema = z.strictObject({
  server: glob,
  tool: glob,
  impact: impactSchema.optional(),
  /** Do strangers write what this tool returns (mail, web, tickets, shared files)? */
  openWorld: z.boolean().optional(),
});

/** A label on what a tool returns; matched by server, tool and (optionally) a JSON path glob within the result. */
export const sourceLabelSchema = z.strictObject({
  name: z.string().min(1).max(64),
  server: glob,
  tool: glob,
  path: z.string().max(256).optional(),
  /** Who may read it: agent names, or `role:<role>`. Absent = everyone in the domain. */
  readers: z.array(z.string()).optional(),
  /** Whether the text, or with `path` the field, is believed. A field's rule beats one for the whole answer; among equals distrust wins. */
  integrity: z.enum(['trusted', 'untrusted']).optional(),
  /**
   * Values of these kinds lose the label: `number`; `id` (letters and digits, six or more). Each must say at most 32 bits, and a session gets at
   * most `declassifyBits` (128 when absent) in all, so that nothing long leaves in small parts. Days and single words never carry a label.
   */
  declassify: z.array(z.enum(['number', 'id'])).optional(),
  declassifyBits: z.number().int().min(1).max(4_096).optional(),
});
export type SourceLabel = z.infer<typeof sourceLabelSchema>;

/** What one agent (or every agent of a role) may call at all. Absent = no restriction by capability. */
export const agentRuleSchema = z
  .strictObject({ name: z.string().optional(), role: z.string().optional(), mayCall: z.array(glob).optional(), owner: z.string().optional() })
  .refine((rule) => rule.name !== undefined || rule.role !== undefined, 'an agent rule names an agent or a role');

export const policySchema = z.strictObject({
  version: z.string().min(1).max(64),
  mode: z.enum(['observe', 'enforce']).default('enforce'),
  tiers: z.strictObject({ low: tierRuleSchema, medium: tierRuleSchema, high: tierRuleSchema, critical: tierRuleSchema }),
  rules: z.array(callRuleSchema).max(500),
  /** Absent: no argument is ever changed. */
  edits: z.array(editRuleSchema).max(200).optional(),
  tools: z.array(toolFactSchema).max(1000).default([]),
  sources: z.array(sourceLabelSchema).max(1000).default([]),
  agents: z.array(agentRuleSchema).max(1000).default([]),
  /** Entities an operator vouches for: `*@example.com`, `api.example.com`, account numbers. */
  knownEntities: z.array(glob).max(10_000).default([]),
  /** Sources a person condemned, by the id of the observation or the call that brought them: what they said is believed nowhere any more. */
  recalled: z.array(z.string().min(1).max(256)).max(1_000).optional(),
  /** Whom a stepped-up call goes to when its tier names nobody. */
  ask: askRuleSchema,
  results: z.strictObject({
    /** CEL over: impact, server, tool, openWorld, known. True = the result waits for its findings before the agent sees it. */
    waitWhen: cel,
    /** Answers to which other methods wait for their findings too, e.g. `resources/read`. Absent: none does. */
    methods: z.array(glob).max(50).optional(),
    requires: detectors,
    deadlineMs: z.number().int().min(0).max(10_000),
    onUnavailable: z.enum(['allow', 'deny']),
    /** What becomes of a result found poisoned. */
    poisoned: z.enum(['quarantine', 'redact', 'show']),
  }),
  /** Deterministic findings and what each does, by finding kind (see the detectors' READMEs); unknown kinds with a gate deny. */
  gates: z.record(z.string(), gateAction).default({}),
  /** Statistical thresholds by impact: below `stepUp` a person is asked, below `hold` (or with taint below `taintHold`) too, with a stronger reason. */
  scores: z.strictObject({
    write: z.strictObject({ stepUp: z.number(), hold: z.number(), taintHold: z.number() }),
    egress: z.strictObject({ stepUp: z.number(), hold: z.number(), taintHold: z.number() }),
    irreversible: z.strictObject({ stepUp: z.number(), hold: z.number(), taintHold: z.number() }),
    /** No p-value, and no step-up by single findings, before this many benign sessions of the agent. */
    sessionsMin: z.number().int().min(0),
    /**
     * The fused score of a call asks people when it is above `threshold` (log-odds above the artefact's frozen one, so 0 is what was measured)
     * and its p-value, where there is one, is at most `pMax`. `uncalibrated`: what that costs while there is none. Present: the findings that
     * went into the score (`explained-by-source`, `surprise`) are shown and ask nobody by themselves. Absent: each asks by its own p-value.
     */
    fused: z
      .strictObject({ threshold: z.number().default(0), pMax: z.number().min(0).max(1).default(1), uncalibrated: z.enum(['show', 'step_up']).default('step_up') })
      .optional(),
  }),
  absent: z.strictObject({ attestation: onAbsent, activation: onAbsent, task: onAbsent }),
  attestation: z.strictObject({
    /** The first attested state of an agent is accepted (and pinned) without registration. */
    firstUse: z.enum(['accept', 'refuse']),
    /** Key id → raw Ed25519 public key, base64url. Empty: any key is accepted on first use and pinned per agent. */
    keys: z.record(z.string(), z.string()).default({}),
  }),
  sessions: z.strictObject({
    /** A session's calls are at least of this tier until one was allowed, so that a changed agent is met at its first call. */
    firstCallTier: tierSchema,
  }),
  pins: z.strictObject({ firstUse: z.enum(['accept', 'step_up']) }),
  holds: z.strictObject({
    /** The longest silence a client sees; then it gets an answer. */
    holdMs: z.number().int().min(1_000).max(55_000),
    pendingPerAgentMax: z.number().int().min(1).max(100),
  }),
  payload: z.enum(['full', 'digest-only']).default('full'),
});
export type Policy = z.infer<typeof policySchema>;
