import { createHash } from 'node:crypto';

/**
 * Where a page ended, as opaque text: the key of its last row (number in the account's feed, trade id, or start of a candle), behind a
 * digest of the request without cursor and limit. Keys only grow and rows never get another one, so what is appended meanwhile
 * moves no page. It says nothing of the account: that comes from the signature alone.
 */
const VERSION = 1;
const DIGEST_CHARACTERS = 12;
/** What any cursor looks like. */
export const CURSOR_PATTERN = '^[A-Za-z0-9_-]{1,80}$';

/** What a cursor is good for: the same route with the same filters. */
export function cursorTag(parts: readonly (string | number | null)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `${VERSION}.${digest.slice(0, DIGEST_CHARACTERS)}`;
}

export function encodeCursor(tag: string, key: number): string {
  return Buffer.from(`${tag}.${key}`).toString('base64url');
}

/** The key; −1: no cursor at all; −2: a cursor of another request. */
export function decodeCursor(text: string, tag: string): number {
  if (!new RegExp(CURSOR_PATTERN).test(text)) return -1;
  const bytes = Buffer.from(text, 'base64url');
  const match = /^(1\.[A-Za-z0-9_-]{12})\.(\d{1,16})$/.exec(bytes.toString('latin1'));
  const key = Number(match?.[2]);
  // Only one spelling of a cursor is one.
  if (
    match === null ||
    !Number.isSafeInteger(key) ||
    encodeCursor(match[1] as string, key) !== text
  )
    return -1;
  return match[1] === tag ? key : -2;
}
