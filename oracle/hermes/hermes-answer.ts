import { UpdateError } from '../pyth/update-error.js';

/** A whole update of eleven feeds has less than 5 kB; nobody needs more than this. */
const UPDATE_CHARACTERS_MAX = 256 * 1024;
const UPDATES_MAX = 16;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The binary updates in an answer or event of Hermes. What it has parsed for its readers stands beside them and is not looked at: only the
 * signed bytes count. Throws an UpdateError.
 */
export function readHermesAnswer(text: string): Uint8Array[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw malformed(`it must be JSON, but begins with '${text.slice(0, 40)}'`);
  }
  const binary = fieldOf(answer, 'binary');
  const encoding = fieldOf(binary, 'encoding');
  if (encoding !== 'base64') {
    throw malformed(`binary.encoding must be base64, but is ${JSON.stringify(encoding)}`);
  }
  const data = fieldOf(binary, 'data');
  if (!Array.isArray(data) || data.length < 1 || data.length > UPDATES_MAX) {
    throw malformed(`binary.data must be a list of 1 to ${UPDATES_MAX} updates`);
  }
  return data.map((update: unknown, i) => {
    if (typeof update !== 'string' || update.length > UPDATE_CHARACTERS_MAX) {
      throw malformed(
        `binary.data[${i}] must be text of at most ${UPDATE_CHARACTERS_MAX} characters`,
      );
    }
    if (!BASE64.test(update)) throw malformed(`binary.data[${i}] must be base64`);
    return Buffer.from(update, 'base64');
  });
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as Record<string, unknown>)[field];
}

function malformed(sentence: string): UpdateError {
  return new UpdateError('answer_is_malformed', sentence);
}
