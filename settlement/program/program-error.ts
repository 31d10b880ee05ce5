/** What was handed to the settlement program's client cannot be right; nothing was sent. Names field, value and limit. */
export class ProgramInputError extends Error {
  override readonly name = 'ProgramInputError';
  readonly field: string;

  constructor(field: string, sentence: string) {
    super(`${field} ${sentence}`);
    this.field = field;
  }
}
