import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('../../web/styles/tokens.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');
const colours = (text: string) => new Map([...text.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name ?? '', value ?? '']));
const lightColours = colours(light);
const themes = { light: lightColours, dark: new Map([...lightColours, ...colours(dark.split('*,')[0] ?? '')]) };

const texts = ['ink', 'quiet', 'accent', 'good', 'bad', 'warn', 'ask', 'critical'] as const;
const pairs: readonly (readonly [string, string])[] = [
  ...texts.flatMap((text) => ['paper', 'sheet', 'inset'].map((ground) => [text, ground] as const)),
  ['bad', 'bad-wash'], ['warn', 'warn-wash'], ['ink', 'warn-wash'], ['accent-ink', 'accent'], ['ink', 'added'], ['ink', 'removed'],
];

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

describe('colours', () => {
  test.each(['light', 'dark'] as const)('in the %s theme every text is at least 4.5 : 1 on every ground it stands on', (theme) => {
    const low = pairs.map(([text, ground]) => ({ text, ground, ratio: contrast(themes[theme].get(text) ?? '', themes[theme].get(ground) ?? '') })).filter(({ ratio }) => !(ratio >= 4.5));
    expect(low).toEqual([]);
  });
});
