import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayDigestOf, renderCard, type CardFacts } from './card.js';
import { hasMixedScripts, visibleText } from './visible-text.js';

const facts: CardFacts = {
  agent: { name: 'bot', role: 'clerk' }, session: 's', server: 'mail', tool: 'send_mail', tier: 'critical', impact: 'egress', actionDigest: 'abcdef0123456789'.repeat(4), reasons: [{ code: 'tier-asks', text: 'Every call of this tier is decided by people.' }],
  origins: [], policyVersion: 'p+1', quorum: 1, groups: ['operators'], argumentsJson: JSON.stringify({ to: 'ana@example.com', body: 'hello', list: [], nested: { 'odd key': [1, true] } }),
};
const unseen = ['\u202E', '\u200B', '\u2066', '\uFEFF', '\u{E0041}', '\u001B', '\u0000', '\u00AD', '\u3164', '\uFE0F', '\u00A0', '\u2028', '\r', '\uD800', '\u{F0000}', '\u2800', '\u115F'];

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe('renderCard', () => {
  it('shows every argument in the order it was written, and the sentence is ours', () => {
    const card = renderCard(facts);
    expect(card.sentence).toBe('Agent "bot" (clerk) wants to send something out with mail/send_mail.');
    expect(card.arguments.map(({ path, kind, text }) => [path, kind, text])).toEqual([
      ['$.to', 'mail', 'ana@example.com'], ['$.body', 'text', 'hello'], ['$.list', 'empty', '[]'], ['$.nested["odd key"][0]', 'number', '1'], ['$.nested["odd key"][1]', 'flag', 'true'],
    ]);
    expect(card).toMatchObject({ reversible: 'unlikely', uninspectable: false, argumentsHidden: 0, warnings: [], digestShown: 'abcdef01' });
  });

  it('[P9] is pure, and any difference in what is shown is a difference in the digest', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5 }), fc.string(), (args, more) => {
        const digest = (argumentsJson: string) => displayDigestOf(renderCard({ ...facts, argumentsJson }));
        const json = JSON.stringify(args);
        expect(digest(json)).toBe(digest(json));
        expect(digest(JSON.stringify({ ...args, extra: `${more}x` }))).not.toBe(digest(JSON.stringify({ ...args, extra: more })));
      }),
      { seed: 20260106, numRuns: 300, verbose: 1 },
    );
  });

  it('[P9] no character that cannot be seen reaches any field, wherever a stranger puts it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...unseen), fc.string({ unit: 'binary', maxLength: 4 }))), (parts) => {
        const evil = parts.join('');
        const card = renderCard({
          ...facts, agent: { name: `a${evil}`, role: `r${evil}` }, session: `s${evil}`, server: `m${evil}`, tool: `t${evil}`, groups: [`g${evil}`],
          argumentsJson: JSON.stringify({ [`k${evil}`]: evil }), reasons: [{ code: 'x', text: evil }], origins: [{ argument: evil, origin: evil, untrusted: true }],
        });
        expect(textsOf(card).filter((text) => /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029\u00A0\u2800]|(?![\n\t])\p{Cc}/u.test(text))).toEqual([]);
      }),
      { seed: 20260107, numRuns: 500, verbose: 1 },
    );
  });

  it('arguments that were not recorded, or are no JSON, are uninspectable', () => {
    expect(renderCard({ ...facts, argumentsJson: '' }).uninspectable).toBe(true);
    expect(renderCard({ ...facts, argumentsJson: '['.repeat(200) + ']'.repeat(200) }).uninspectable).toBe(true);
  });

  it('what does not fit is counted', () => {
    const card = renderCard({ ...facts, argumentsJson: JSON.stringify({ long: 'é'.repeat(5_000), many: Array.from({ length: 300 }, () => 1) }) });
    expect(card.arguments[0]?.hiddenBytes).toBe(2_000);
    expect(card.argumentsHidden).toBe(101);
  });

  it('names that mix look-alike scripts are called out', () => {
    expect(renderCard({ ...facts, tool: 'sеnd_mail' }).warnings).toHaveLength(1);
    expect(hasMixedScripts('send_почта')).toBe(false);
    expect(hasMixedScripts('αβγ')).toBe(false);
  });
});

describe('visibleText', () => {
  it.each(unseen)('shows %j as its code point', (character) => {
    expect(visibleText(`a${character}b`)).toMatchObject({ text: `a⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧b`, escaped: 1 });
  });

  it('two different short texts never look the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 }), (a, b) => a === b || visibleText(a).text !== visibleText(b).text),
      { seed: 20260108, numRuns: 1_000, verbose: 1 },
    );
    expect(visibleText('\u200B').text).not.toBe(visibleText('⟦U+200B⟧').text);
  });

  it('a cut never splits a character', () => {
    expect(visibleText('ab😀', 3)).toEqual({ text: 'ab', hiddenBytes: 4, escaped: 0 });
  });
});
