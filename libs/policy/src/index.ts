export { policySchema, type Policy, type SourceLabel, type TierRule } from './policy.js';
export { parsePolicy, type ParsedPolicy, type PolicyProblem } from './parse.js';
export { defaultPolicyText } from './default-policy-text.js';
export {
  agentMayCall, canonicalJson, classifyTool, compilePolicy, defaultPolicy, globMatches, mayReach, openGrant, openPolicy, ownersOf,
  rawPublicKeyOf, resultRuleOf, sealPolicy, signGrant, tierOf, toolClassOf,
  type CallFacts, type CompiledPolicy, type GrantBody, type OpenedPolicy, type TierOfCall, type ToolClass, type ToolDefinition, type WaitRule,
} from './runtime.js';
export { rule } from './rule.js';
export type { JudgedCall, JudgedHistory, RuledKind, RuleInput } from './rule-input.js';
export { ArtefactRefused, openArtefact, sealArtefact, type Artefact } from './artefact.js';
export { fusion, fusionType } from './fusion.artefact.js';
export { fusedEvidence, fusedParts, fusedValue, fusionVariants, type FusedWeights, type FusionPayload, type FusionVariant } from './fused-score.js';
export { releaseKeyRaw } from './release-key.js';
export { createJudge, type JudgeOptions } from './judge.js';
