import { hex } from './format.js';

/** The end of the last segment that a crash left unfinished. Nothing in it was ever acknowledged. */
export interface TornTail {
  file: string;
  /** Where the last whole frame ends. */
  position: number;
  bytes: number;
  reason: string;
}

export interface Damage {
  file: string;
  position: number;
  /** First sequence that cannot be read. */
  sequence: number;
  reason: string;
  expectedCrc?: number;
  actualCrc?: number;
  /** Where in the same file a whole frame follows, when one does. */
  laterFrameAt?: number;
}

/**
 * The journal does not say what it once said, or parts are missing. Recovery stops here: to go on
 * would drop commands that may have been acknowledged, so a person has to decide.
 */
export class JournalDamageError extends Error {
  override readonly name = 'JournalDamageError';
  readonly damage: Damage;

  constructor(damage: Damage) {
    super(describeDamage(damage));
    this.damage = damage;
  }
}

export function describeTornTail(tail: TornTail): string {
  return `${tail.file}: torn tail of ${tail.bytes} bytes at byte ${tail.position}: ${tail.reason}`;
}

function describeDamage(damage: Damage): string {
  const { file, position, sequence, reason, expectedCrc, actualCrc, laterFrameAt } = damage;
  let text = `${file}: damaged at byte ${position}, sequence ${sequence}: ${reason}`;
  if (expectedCrc !== undefined && actualCrc !== undefined) {
    text += `; expected CRC ${hex(expectedCrc)}, actual CRC ${hex(actualCrc)}`;
  }
  if (laterFrameAt !== undefined) text += `; a whole frame follows at byte ${laterFrameAt}`;
  text += '. Nothing was changed. Restore the file from a copy; "npm run journal -- verify" shows';
  text += ` all damage, and "npm run journal -- repair --truncate-at ${sequence}" gives up`;
  return `${text} everything from that sequence on.`;
}
