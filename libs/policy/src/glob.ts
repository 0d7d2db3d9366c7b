/**
 * Globs over names and entities: `*` stands for any run of characters, nothing else is special.
 * GL1. Linear in pattern × text, no backtracking blow-up: both may come from strangers.
 * GL2. Case is ignored: `*@Example.com` and `*@example.com` name the same people.
 */

/** @returns does `glob` describe the whole of `text`? */
export function globMatches(glob: string, text: string): boolean {
  const pattern = glob.toLowerCase();
  const subject = text.toLowerCase();
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < subject.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      resumeAt = at;
    } else if (inPattern < pattern.length && pattern[inPattern] === subject[at]) {
      inPattern += 1;
      at += 1;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}
