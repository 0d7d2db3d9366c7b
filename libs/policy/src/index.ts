export { policySchema, type Policy, type SourceLabel, type TierRule } from './policy.js';
