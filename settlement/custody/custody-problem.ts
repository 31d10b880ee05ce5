/** What a caller did wrong, or why he has to wait: a stable code and a sentence with field, value and limit. */
export class CustodyProblem extends Error {
  override readonly name = 'CustodyProblem';
  readonly status: number;
  readonly code: string;
  readonly field: string | null;

  constructor(status: number, code: string, sentence: string, field: string | null = null) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

export function invalid(field: string, meaning: string, value: unknown): CustodyProblem {
  const shown = value === undefined ? 'missing' : JSON.stringify(value)?.slice(0, 80);
  const sentence = `${field} must be ${meaning}, but is ${shown}`;
  return new CustodyProblem(400, 'field_is_invalid', sentence, field);
}
