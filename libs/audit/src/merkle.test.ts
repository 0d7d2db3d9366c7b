import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendLeaf, emptyFrontier, inclusionProof, leafHash, rootOf, verifyInclusion } from './merkle.js';

// The leaves and roots every Certificate Transparency implementation is tested with.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => leafHash(Buffer.from(hex, 'hex')));
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const tree = (hashes: readonly Buffer[]): Buffer => rootOf(hashes.reduce(appendLeaf, emptyFrontier));

describe('the Merkle tree', () => {
  it.each(roots.map((root, size) => [size, root] as const))('of the %i first known leaves has the known root', (size, root) => {
    expect(tree(leaves.slice(0, size)).toString('hex')).toBe(root);
  });

  const sizes = fc.integer({ min: 1, max: 70 });
  it('[P10] proves each leaf of a tree of any size', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, pick) => {
        const hashes = Array.from({ length: size }, (_, n) => leafHash(Buffer.from(`record ${n}`)));
        const index = pick % size;
        const [leaf, proof, root] = [hashes[index] as Buffer, inclusionProof(hashes, index), tree(hashes)];
        expect(proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        expect(verifyInclusion({ leaf, index, size, proof, root })).toBe(true);
      }),
    );
  });

  it('[P10] one changed bit, place, size or step is found', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(255), (size, pick, bit) => {
        const hashes = Array.from({ length: size }, (_, n) => leafHash(Buffer.from(`record ${n}`)));
        const index = pick % size;
        const whole = { leaf: hashes[index] as Buffer, index, size, proof: inclusionProof(hashes, index), root: tree(hashes) };
        const flipped = (hash: Buffer): Buffer => {
          const copy = Buffer.from(hash);
          copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
          return copy;
        };
        expect(verifyInclusion({ ...whole, leaf: flipped(whole.leaf) })).toBe(false);
        expect(verifyInclusion({ ...whole, root: flipped(whole.root) })).toBe(false);
        expect(verifyInclusion({ ...whole, proof: [...whole.proof, whole.leaf] })).toBe(false);
        if (size === 1) return;
        const step = pick % whole.proof.length;
        expect(verifyInclusion({ ...whole, proof: whole.proof.map((hash, at) => (at === step ? flipped(hash as Buffer) : hash)) })).toBe(false);
        expect(verifyInclusion({ ...whole, proof: whole.proof.slice(1) })).toBe(false);
        expect(verifyInclusion({ ...whole, index: (index + 1) % size })).toBe(false);
      }),
    );
  });

  const malformed = [{ index: -1 }, { index: 8 }, { index: 0.5 }, { size: Number.NaN }, { leaf: Buffer.alloc(31) }, { proof: [Buffer.alloc(0)] }, { root: Buffer.alloc(33) }];
  it.each(malformed)('[P8] answers false to %o, and does not throw', (change) => {
    const whole = { leaf: leaves[0] as Buffer, index: 0, size: 8, proof: inclusionProof(leaves, 0), root: tree(leaves) };
    expect(verifyInclusion(whole)).toBe(true);
    expect(verifyInclusion({ ...whole, ...change })).toBe(false);
  });

  it('has no proof for a leaf it does not have', () => {
    expect(() => inclusionProof(leaves, 8)).toThrow(/8 leaves has no leaf 8/);
  });
});
