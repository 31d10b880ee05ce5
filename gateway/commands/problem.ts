/** Why a request was refused before it became a command: a stable code, and a sentence with field, value and limit. */
export interface Problem {
  code: string;
  message: string;
}

export function problem(code: string, message: string): Problem {
  return { code, message };
}

/** A value of a request as it is shown in a sentence: short, and on one line. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = String(value);
  }
  text ??= String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
