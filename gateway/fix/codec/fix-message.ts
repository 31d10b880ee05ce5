import { DATA_FIELDS, TAG } from './tags.js';

/** SessionRejectReason of FIX 4.4, as far as this door gives them. */
export const REJECT_REASON = {
  invalidTagNumber: 0,
  requiredTagMissing: 1,
  tagNotDefinedForMessage: 2,
  tagWithoutValue: 4,
  valueIncorrect: 5,
  incorrectDataFormat: 6,
  compIdProblem: 9,
  sendingTimeAccuracy: 10,
  invalidMsgType: 11,
  tagAppearsTwice: 13,
  groupOutOfOrder: 15,
  incorrectGroupCount: 16,
} as const;

/** Why a message is answered by a Reject: SessionRejectReason, the field (0: none), and a sentence. */
export interface MessageProblem {
  readonly reason: number;
  readonly tag: number;
  readonly text: string;
}

const SOH = '\u0001';

/** A message as it came: fields in their order, values as text of which each character is a byte. */
export class FixMessage {
  readonly tags: readonly number[];
  readonly values: readonly string[];
  /** The first field that cannot be read at all; null: all can. */
  readonly malformed: MessageProblem | null;

  constructor(
    tags: readonly number[],
    values: readonly string[],
    malformed: MessageProblem | null = null,
  ) {
    this.tags = tags;
    this.values = values;
    this.malformed = malformed;
  }

  get type(): string {
    return this.get(TAG.MsgType) ?? '';
  }

  /** MsgSeqNum; 0 when it is missing or no number from 1 on. */
  get sequence(): number {
    return positiveInteger(this.get(TAG.MsgSeqNum));
  }

  get isPossibleDuplicate(): boolean {
    return this.get(TAG.PossDupFlag) === 'Y';
  }

  /** The first field with this number. */
  get(tag: number): string | undefined {
    const at = this.tags.indexOf(tag);
    return at < 0 ? undefined : this.values[at];
  }

  /**
   * Values of a field that comes once in each entry of a repeating group. Null: the count is not the number of entries that
   * stand behind it.
   */
  list(countTag: number, entryTag: number): string[] | null {
    const at = this.tags.indexOf(countTag);
    if (at < 0 || this.tags.indexOf(entryTag) < at) return null;
    const entries = this.values.filter((_, i) => this.tags[i] === entryTag);
    return entries.length === positiveInteger(this.values[at]) ? entries : null;
  }
}

/** A positive integer below 2^31 in plain digits; 0 for everything else. */
export function positiveInteger(text: string | undefined): number {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return 0;
  const value = Number(text);
  return value < 2 ** 31 ? value : 0;
}

/** Reads the fields of a frame; `text` begins behind BodyLength and ends before CheckSum. */
export function parseFields(text: string): FixMessage {
  const tags: number[] = [];
  const values: string[] = [];
  let dataTag = 0;
  let dataLength = 0;
  for (let at = 0; at < text.length; ) {
    const equals = text.indexOf('=', at);
    const number = equals < 0 ? '' : text.slice(at, equals);
    const tag = /^[1-9]\d{0,5}$/.test(number) ? Number(number) : 0;
    if (tag === 0) {
      const sentence = `a field must be a number, '=' and a value, but begins with ${shownStart(text, at)}`;
      return new FixMessage(tags, values, problem(REJECT_REASON.invalidTagNumber, 0, sentence));
    }
    const end = tag === dataTag ? equals + 1 + dataLength : text.indexOf(SOH, equals);
    // A data field may hold any byte, so only its length says where it ends.
    if (end < 0 || end >= text.length || text[end] !== SOH) {
      const sentence = `field ${tag} must end with SOH where its length says`;
      return new FixMessage(
        tags,
        values,
        problem(REJECT_REASON.incorrectDataFormat, tag, sentence),
      );
    }
    const value = text.slice(equals + 1, end);
    if (value === '') {
      const sentence = `field ${tag} must have a value`;
      return new FixMessage(tags, values, problem(REJECT_REASON.tagWithoutValue, tag, sentence));
    }
    tags.push(tag);
    values.push(value);
    dataTag = DATA_FIELDS.get(tag) ?? 0;
    dataLength = dataTag === 0 ? 0 : positiveInteger(value);
    at = end + 1;
  }
  return new FixMessage(tags, values);
}

export function problem(reason: number, tag: number, text: string): MessageProblem {
  return { reason, tag, text };
}

function shownStart(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 16));
}
