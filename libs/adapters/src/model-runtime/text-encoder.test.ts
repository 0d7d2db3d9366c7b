import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAt } from './onnx-cut.js';
import { installObserver, ObserverRefused, readObserver } from './observer-files.js';
import { fieldBytes, fieldsOf, textOf } from './protobuf.js';
import { wordPieces, wordPieceVocabulary } from './wordpiece.js';
import { entryOf } from './zip-entry.js';

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'send', 'it', '##em', '##s', 'cafe', '.', '北', '京', 'query', ':'];
const tokenizer = (change: object = {}) => JSON.stringify({ normalizer: { type: 'BertNormalizer', lowercase: true }, model: { type: 'WordPiece', vocab: Object.fromEntries(words.map((word, id) => [word, id])) }, ...change });
const pieces = (text: string, max = 32) => wordPieces(text, wordPieceVocabulary(tokenizer()), max).map((id) => words[id]);

describe('word pieces', () => {
  it('are lower case, without accents, split at punctuation and ideographs, longest first', () => {
    expect(pieces('Send Items.')).toEqual(['[CLS]', 'send', 'it', '##em', '##s', '.', '[SEP]']);
    expect(pieces('Caf\u00e9 北京\u0000')).toEqual(['[CLS]', 'cafe', '北', '京', '[SEP]']);
  });
  it('are one unknown for a word that no pieces make up', () => {
    expect(pieces('sendx it')).toEqual(['[CLS]', '[UNK]', 'it', '[SEP]']);
  });
  it('are bounded, closed, and never throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 2, max: 20 }), (text, max) => {
      const found = pieces(text, max);
      expect(found.length).toBeLessThanOrEqual(max);
      expect([found[0], found.at(-1)]).toEqual(['[CLS]', '[SEP]']);
    }));
  });
  it('are refused of another kind of tokenizer', () => {
    expect(() => wordPieceVocabulary(tokenizer({ normalizer: { type: 'BertNormalizer', lowercase: false } }))).toThrow(/uncased WordPiece/);
  });
});

describe('a graph cut at an inner value', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const node = (inputs: string[], output: string) => fieldBytes(1, Buffer.concat([...inputs.map((name) => fieldBytes(1, bytes(name))), fieldBytes(2, bytes(output))]));
  const tensor = (name: string) => fieldBytes(5, fieldBytes(8, bytes(name)));
  const graph = Buffer.concat([node(['in', 'w1'], 'middle'), node(['middle', 'w2'], 'side'), node(['middle', 'w3'], 'end'), tensor('w1'), tensor('w2'), tensor('w3'), fieldBytes(11, fieldBytes(1, bytes('in'))), fieldBytes(12, fieldBytes(1, bytes('end'))), fieldBytes(13, bytes('x'))]);
  const model = Buffer.concat([fieldBytes(2, bytes('maker')), fieldBytes(7, graph), fieldBytes(14, bytes('after'))]);
  it('keeps what the value needs, and it is the only output', () => {
    const cut = [...fieldsOf(cutAt(model, 'middle'))];
    expect(cut.map(({ field }) => field)).toEqual([2, 7, 14]);
    const parts = [...fieldsOf(cut[1]?.body ?? new Uint8Array())];
    expect(parts.map(({ field }) => field)).toEqual([1, 5, 11, 12]);
    expect(textOf(parts[3]?.body ?? new Uint8Array())).toContain('middle');
  });
  it('is the same each time, and refused for a value that nothing computes', () => {
    expect(Buffer.compare(Buffer.from(cutAt(model, 'middle')), Buffer.from(cutAt(model, 'middle')))).toBe(0);
    expect(() => cutAt(model, 'w1')).toThrow(/no value named w1/);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => { expect(() => cutAt(noise, 'middle')).toThrow(/no value named/); }));
  });
});

describe('a file out of an archive', () => {
  const archive = (name: string, content: string) => {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30 + name.length);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.write(name, 30);
    const entry = Buffer.alloc(46 + name.length);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.write(name, 46);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(1, 10);
    end.writeUInt32LE(local.length + packed.length, 16);
    return Buffer.concat([local, packed, entry, end]);
  };
  it('is unpacked, and is undefined when it is not there', () => {
    expect(textOf(entryOf(archive('a.txt', 'hello hello'), 'a.txt') ?? new Uint8Array())).toBe('hello hello');
    expect(entryOf(archive('a.txt', 'hello'), 'b.txt')).toBeUndefined();
  });
  it('is undefined, never an exception, in a damaged archive', () => {
    const whole = archive('a.txt', 'hello hello hello');
    fc.assert(fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }), fc.nat(whole.length), (at, byte, length) => {
      const damaged = Buffer.from(whole);
      damaged[at] = byte;
      const found = entryOf(damaged.subarray(0, length), 'a.txt');
      expect(found === undefined || found instanceof Uint8Array).toBe(true);
    }));
  });
  it('is not installed from an archive of another digest, and nothing is written', () => {
    expect(() => { installObserver(archive('e5-small-v2-q.onnx', 'not it'), '/nowhere/at/all'); }).toThrow(ObserverRefused);
    expect(readObserver('/nowhere/at/all')).toBeUndefined();
  });
});
