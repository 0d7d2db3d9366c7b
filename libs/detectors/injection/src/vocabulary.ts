/** The names of this domain's own tools and arguments, as the agent could be told them; hashed (see `word-hash`). */
export interface Vocabulary {
  /** Names as listed, lower case. */
  readonly names: ReadonlySet<number>;
  /** Adjacent words of tool names, e.g. `send email` for `send_email`. */
  readonly pairs: ReadonlySet<number>;
}
