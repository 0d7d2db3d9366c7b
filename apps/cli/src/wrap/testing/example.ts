/** One file before and after, for tests. Texts stand with `\n`; `eol` and `hasMark` say how the file has them. */
export interface Example {
  readonly client: string;
  readonly title: string;
  readonly text: string;
  readonly wrapped: string;
  /** `name: state`, in the file's order. */
  readonly entries: readonly string[];
}

export interface WrittenExample extends Example {
  readonly eol?: string;
  readonly hasMark?: boolean;
}

export function inFile(example: WrittenExample): Example {
  const { eol = '\n', hasMark = false } = example;
  const form = (text: string): string => (hasMark ? '\uFEFF' : '') + text.replaceAll('\n', eol);
  return { ...example, text: form(example.text), wrapped: form(example.wrapped) };
}
