export { behaviourVersion, createBehaviour } from './create-behaviour.js';
export type { Memory as BehaviourMemory } from './memory.js';
