/**
 * Text from strangers, made safe to look at.
 * VT1. Every character a reader cannot see, or that moves others around, is shown as `⟦U+XXXX⟧`: bidi, zero-width, tags, controls, fillers, odd spaces.
 * VT2. Two different texts never look the same through escaping alone: the bracket itself is escaped.
 * VT3. What does not fit is counted in bytes, never dropped silently.
 */
export interface VisibleText {
  readonly text: string;
  /** UTF-8 bytes that are not shown. */
  readonly hiddenBytes: number;
  /** Characters shown as `⟦U+XXXX⟧`. */
  readonly escaped: number;
}

const charactersMaxDefault = 4_000;
/** Line feed and tab stay: without them code and letters cannot be read, and both are visible as layout. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u2800⟦]|(?![\n\t])\p{Cc}|(?! )\p{Zs}/gu;

/** @param charactersMax UTF-16 code units of `text` that are shown. */
export function visibleText(text: string, charactersMax = charactersMaxDefault): VisibleText {
  const cutAt = text.length <= charactersMax ? text.length : charactersMax - (isHighSurrogate(text.charCodeAt(charactersMax - 1)) ? 1 : 0);
  let escaped = 0;
  const shown = text.slice(0, cutAt).replaceAll(unseen, (character) => {
    escaped += 1;
    return `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`;
  });
  return { text: shown, hiddenBytes: Buffer.byteLength(text.slice(cutAt)), escaped };
}

/** Does one word mix Latin with letters that look like it? Names that do are made to deceive far more often than to be read. */
export function hasMixedScripts(name: string): boolean {
  return name.split(/[^\p{L}\p{M}]+/u).some((word) => /\p{Script=Latin}/u.test(word) && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(word));
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
