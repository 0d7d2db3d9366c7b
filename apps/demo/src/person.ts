/** The person of the demonstration: looks at the pending call in the console and decides it there. */
export interface Person {
  /**
   * Waits for a pending call of `tool` that mentions `argument`, and decides it.
   * @throws when none is pending within thirty seconds, or the console refuses.
   */
  decide(call: { readonly tool: string; readonly argument: string }, answer: 'approve' | 'deny'): Promise<void>;
}
