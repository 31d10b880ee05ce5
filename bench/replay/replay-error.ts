/** What is wrong with an input or a command line, in a sentence for the person who gave it: shown without a stack. */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
}

/** Where a value was read. Lines count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export function rowProblem(place: Place, sentence: string): ReplayError {
  return new ReplayError(`${place.file}:${place.line}: ${sentence}`);
}

/** The one form of every complaint about a field, so that scripts can find file, line, field and value. */
export function fieldProblem(
  place: Place,
  field: string,
  value: string,
  expected: string,
): ReplayError {
  return rowProblem(place, `field '${field}' is '${shorten(value)}', expected ${expected}`);
}

/** A broken row may be megabytes long; its beginning is enough to find it. */
function shorten(value: string): string {
  return value.length <= 80 ? value : `${value.slice(0, 77)}...`;
}
