/**
 * A Merkle tree over records in their order, as RFC 6962 hashes it.
 * ME1. A leaf and a node are hashed under different prefixes, so neither can be passed off as the other.
 * ME2. The root of n leaves commits to all of them and to their number; a proof for one leaf is ⌈log₂ n⌉ hashes.
 * ME3. `verifyInclusion` needs nothing but its arguments, and answers false to anything malformed.
 */
import { createHash } from 'node:crypto';

const hashBytes = 32;

/** SHA-256(0x00 ‖ record). */
export function leafHash(record: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(record).digest();
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest();
}

/**
 * The tree as far as appending needs it: roots of its full subtrees, the largest first; their sizes are the one-bits of `size`.
 * At most 53 hashes.
 */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Buffer[];
}

export const emptyFrontier: Frontier = { size: 0, roots: [] };

/** O(log n). @param leaf a leaf's hash. */
export function appendLeaf({ size, roots }: Frontier, leaf: Buffer): Frontier {
  const merged = [...roots];
  let hash = leaf;
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = nodeHash(merged.pop() as Buffer, hash);
  return { size: size + 1, roots: [...merged, hash] };
}

/** The root of no leaves is the hash of nothing. */
export function rootOf({ roots }: Frontier): Buffer {
  if (roots.length === 0) return createHash('sha256').digest();
  return roots.reduceRight((right, left) => nodeHash(left, right));
}

/** @returns hashes from the leaf's sibling up. @throws RangeError when there is no such leaf. O(n). */
export function inclusionProof(leaves: readonly Buffer[], index: number): readonly Buffer[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError(`a tree of ${leaves.length} leaves has no leaf ${index}`);
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...inclusionProof(left, index), rootOfLeaves(right)] : [...inclusionProof(right, index - split), rootOfLeaves(left)];
}

export interface Inclusion {
  readonly leaf: Uint8Array;
  readonly index: number;
  /** Of the tree that `root` stands for. */
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

/** Source: RFC 9162 §2.1.3.2, whose tree is the same. */
export function verifyInclusion({ leaf, index, size, proof, root }: Inclusion): boolean {
  const isPlaced = Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
  if (!isPlaced || [leaf, root, ...proof].some((hash) => hash.length !== hashBytes)) return false;
  let [node, last] = [BigInt(index), BigInt(size - 1)];
  let hash: Uint8Array = leaf;
  for (const sibling of proof) {
    if (last === 0n) return false;
    const isRight = node % 2n === 1n || node === last;
    hash = isRight ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    // A node that is last of an odd level has no sibling there: go up until it has one.
    while (isRight && node % 2n === 0n && node !== 0n) [node, last] = [node / 2n, last / 2n];
    [node, last] = [node / 2n, last / 2n];
  }
  return last === 0n && Buffer.from(hash).equals(root);
}

function rootOfLeaves(leaves: readonly Buffer[]): Buffer {
  return rootOf(leaves.reduce(appendLeaf, emptyFrontier));
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}
