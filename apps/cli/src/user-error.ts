/** Something a person can act on: said in one sentence, without a stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
