/**
 * What a client of the binary door signs with its account's Ed25519 key. The texts name door, purpose, venue, session and time, and the
 * second one a number that the server has drawn for the session: a signature is worth nothing elsewhere, later, or after a restart.
 */
export function negotiateText(venue: string, sessionId: string, timestampMs: number): string {
  return `plimsoll-fixp:v1:negotiate:${venue}:${sessionId}:${timestampMs}`;
}

export function establishText(
  venue: string,
  sessionId: string,
  nonce: string,
  timestampMs: number,
  nextSeqNo: number,
): string {
  return `plimsoll-fixp:v1:establish:${venue}:${sessionId}:${nonce}:${timestampMs}:${nextSeqNo}`;
}
