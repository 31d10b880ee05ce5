import { BEGIN_STRING, TAG, VENUE_COMP_ID } from './tags.js';

const SOH = '\u0001';

/** Fields of a message behind its header, in the order in which they were put in. */
export class FixBody {
  text = '';

  field(tag: number, value: string | number): this {
    this.text += `${tag}=${value}${SOH}`;
    return this;
  }

  /** The field, unless there is no value. */
  optional(tag: number, value: string | number | null | undefined): this {
    return value === null || value === undefined || value === '' ? this : this.field(tag, value);
  }

  /** A sentence: printable ASCII, so that every engine reads it, whatever its character set. */
  sentence(tag: number, text: string): this {
    return text === '' ? this : this.field(tag, asciiOf(text));
  }
}

/** What differs between the first sending of a message and a later one. */
export interface FrameHead {
  readonly type: string;
  readonly sequence: number;
  /** The client's CompID. */
  readonly target: string;
  readonly sendingTimeMs: number;
  /** When it was sent first: the frame says that it may be a duplicate. Null: it is sent first now. */
  readonly originalTimeMs: number | null;
}

/** A whole frame, with length and checksum; each character of `body` is one byte. */
export function frameOf(head: FrameHead, body: string): Buffer {
  const content = new FixBody()
    .field(TAG.MsgType, head.type)
    .field(TAG.MsgSeqNum, head.sequence)
    .field(TAG.SenderCompID, VENUE_COMP_ID)
    .field(TAG.TargetCompID, head.target)
    .field(TAG.SendingTime, timestampOf(head.sendingTimeMs));
  if (head.originalTimeMs !== null) {
    content
      .field(TAG.PossDupFlag, 'Y')
      .field(TAG.OrigSendingTime, timestampOf(head.originalTimeMs));
  }
  return sealed(BEGIN_STRING, content.text + body);
}

/** Puts BeginString, BodyLength and CheckSum around a body. */
export function sealed(beginString: string, body: string): Buffer {
  const text = `8=${beginString}${SOH}9=${body.length}${SOH}${body}`;
  const bytes = Buffer.allocUnsafe(text.length + 7);
  bytes.write(text, 0, 'latin1');
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (sum + (bytes[i] as number)) & 0xff;
  bytes.write(`10=${String(sum).padStart(3, '0')}${SOH}`, text.length, 'latin1');
  return bytes;
}

/** UTCTimestamp with milliseconds. */
export function timestampOf(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}-${iso.slice(11, 23)}`;
}

/** Milliseconds of a UTCTimestamp, with or without decimals of a second; NaN when it is none. */
export function timeOf(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)-(\d\d):(\d\d):(\d\d)(\.\d{1,9})?$/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute, second, fraction] = match;
  const millis = (fraction ?? '.000').slice(1).padEnd(3, '0').slice(0, 3);
  // A leap second is written as 60, which no Date takes.
  const seconds = second === '60' ? '59' : second;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${seconds}.${millis}Z`);
}

function asciiOf(text: string): string {
  return text
    .replaceAll('×', 'x')
    .replaceAll('÷', '/')
    .replaceAll('−', '-')
    .replace(/[^\x20-\x7e]/g, '?');
}
