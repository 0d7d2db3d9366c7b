/**
 * What a tap needs of the policy at start: everything but the text reader and the schema.
 * RT1. Nothing here loads zod or yaml; the tap's start time and memory are promises.
 */
export { agentMayCall, mayReach, ownersOf } from './may-call.js';
export { canonicalJson } from './canonical-json.js';
export type { CallFacts, MethodFacts, TierOfCall, ToolDefinition, WaitRule } from './call-facts.js';
export { classifyTool, type ToolClass } from './impact.js';
export { compilePolicy, type CompiledPolicy } from './compile.js';
export { defaultPolicy } from './default-policy.js';
export { globMatches } from './glob.js';
export { openGrant, signGrant, type GrantBody } from './grant.js';
export { openPolicy, sealPolicy, type OpenedPolicy } from './seal.js';
export type { Policy } from './policy.js';
export { planEdits, type ArgumentEdit, type EditPlan } from './plan-edits.js';
export { rawPublicKeyOf } from './signed.js';
export { resultRuleOf, tierOf, toolClassOf } from './tier-of.js';
export { answerRuleOf, tierOfMethod } from './tier-of-method.js';
