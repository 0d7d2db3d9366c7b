export { appendLeaf, emptyFrontier, inclusionProof, leafHash, nodeHash, rootOf, verifyInclusion, type Frontier, type Inclusion } from './merkle.js';
export { chainStart, firstBrokenLink, nextLink, type Chained } from './hash-chain.js';
export { openCheckpoint, signCheckpoint, type Checkpoint, type CheckpointTrust, type OpenedCheckpoint } from './checkpoint.js';
