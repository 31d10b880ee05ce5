import { beforeEach, describe, expect, it } from 'vitest';
import type { FixMessage } from '../codec/fix-message.js';
import { type Frame, FrameReader } from '../codec/frame-reader.js';
import { FixBody, sealed, timestampOf } from '../codec/frame-writer.js';
import { MSG, TAG } from '../codec/tags.js';
import { FixSession } from './fix-session.js';
import { SessionNumbers } from './session-numbers.js';

type Fields = Readonly<Record<number, string | number>>;

const NOW = Date.UTC(2026, 0, 1);
const HEARTBEAT_MS = 10_000;
const ORDER = {
  [TAG.ClOrdID]: 'x',
  [TAG.Symbol]: 'BTC-PERP',
  [TAG.Side]: 1,
  [TAG.OrdType]: 1,
  [TAG.OrderQty]: 1,
};

let numbers: SessionNumbers;
let session: FixSession;
/** What happened, as text. */
let log: string[];
let now: number;

/** A frame as a client sends it; fields of `header` take the place of the right ones, null leaves one out. */
function frame(
  sequence: number,
  type: string,
  fields: Fields = {},
  header: Readonly<Record<number, string | null>> = {},
  beginString = 'FIX.4.4',
): Frame {
  const body = new FixBody().field(TAG.MsgType, type);
  const right: Record<number, string | null> = {
    [TAG.MsgSeqNum]: String(sequence),
    [TAG.SenderCompID]: 'KEY',
    [TAG.TargetCompID]: 'PLIMSOLL',
    [TAG.SendingTime]: timestampOf(now),
    ...header,
  };
  for (const [tag, value] of Object.entries(right)) body.optional(Number(tag), value);
  for (const [tag, value] of Object.entries(fields)) body.field(Number(tag), value);
  let read: Frame | null = null;
  new FrameReader(4_096).push(sealed(beginString, body.text), (found) => {
    read = found;
    return true;
  });
  if (read === null) throw new Error('the frame is garbled');
  return read;
}

function receive(...args: Parameters<typeof frame>): void {
  session.receive(frame(...args), now);
}

function shown(type: string, { text }: FixBody): string {
  return `${type} ${text.replaceAll('\u0001', '|')}`;
}

beforeEach(() => {
  now = NOW;
  log = [];
  numbers = new SessionNumbers();
  session = new FixSession(
    { client: 'KEY', heartbeatMs: HEARTBEAT_MS, strikesMax: 3 },
    numbers,
    {
      send: (type, body) => {
        numbers.nextOut++;
        session?.sent(now);
        log.push(shown(type, body));
      },
      deliver: (message: FixMessage) => log.push(`deliver ${message.type} ${message.sequence}`),
      resend: (from, to) => log.push(`resend ${from} to ${to}`),
      disconnect: (reason) => log.push(`disconnect: ${reason}`),
    },
    now,
  );
});

function loggedOn(): void {
  session.logon(frame(1, MSG.Logon).message, false, now);
  log = [];
}

describe('a logon', () => {
  it('with the right number is answered', () => {
    session.logon(frame(1, MSG.Logon).message, false, now);
    expect(log).toEqual(['A 98=0|108=10|']);
    expect(numbers.nextIn).toBe(2);
  });

  it('that resets says so', () => {
    session.logon(frame(1, MSG.Logon).message, true, now);
    expect(log).toEqual(['A 98=0|108=10|141=Y|']);
  });

  it('with too high a number is answered, then asks for what is missing', () => {
    session.logon(frame(5, MSG.Logon).message, false, now);
    expect(log).toEqual(['A 98=0|108=10|', '2 7=1|16=0|']);
    expect(numbers.nextIn).toBe(1);
  });

  it('with too low a number is refused with both numbers', () => {
    numbers.skipTo(9);
    session.logon(frame(3, MSG.Logon).message, false, now);
    expect(log).toEqual([
      '5 58=MsgSeqNum too low, expecting 9 but received 3|',
      'disconnect: MsgSeqNum too low',
    ]);
  });
});

describe('a session', () => {
  beforeEach(loggedOn);

  it.each<[string, () => void, string[], number]>([
    ['takes an application message', () => receive(2, 'D', ORDER), ['deliver D 2'], 3],
    ['takes a heartbeat', () => receive(2, MSG.Heartbeat), [], 3],
    ['answers a test request', () => receive(2, '1', { 112: 'T' }), ['0 112=T|'], 3],
    ['ignores a Reject', () => receive(2, '3', { 45: 1 }), [], 3],
    ['sends again what is asked for', () => receive(2, '2', { 7: 1, 16: 0 }), ['resend 1 to 1'], 3],
    ['bounds what is sent again', () => receive(2, '2', { 7: 1, 16: 99 }), ['resend 1 to 1'], 3],
    [
      'refuses to send again what was never sent',
      () => receive(2, '2', { 7: 5, 16: 0 }),
      [
        '3 45=2|371=7|372=2|373=5|58=BeginSeqNo must be from 1 to 1, and EndSeqNo 0 or not below it|',
      ],
      3,
    ],
    ['lets numbers be filled', () => receive(2, '4', { 123: 'Y', 36: 7 }), [], 7],
    [
      'refuses a fill that goes back',
      () => receive(2, '4', { 123: 'Y', 36: 2 }),
      ['3 45=2|371=36|372=4|373=5|58=NewSeqNo must be above MsgSeqNum|'],
      3,
    ],
    [
      'lets numbers be reset, whatever the number',
      () => receive(99, '4', { 123: 'N', 36: 7 }),
      [],
      7,
    ],
    ['takes a reset without a flag', () => receive(1, '4', { 36: 9 }), [], 9],
    [
      'refuses a reset that goes back',
      () => receive(2, '4', { 36: 1 }),
      ['3 45=2|371=36|372=4|373=5|58=NewSeqNo must be at least 2, the number that comes next|'],
      2,
    ],
    ['asks for what is missing', () => receive(4, 'D', ORDER), ['2 7=2|16=0|'], 2],
    [
      'passes over duplicates',
      () => receive(1, 'D', ORDER, { 43: 'Y', 122: timestampOf(NOW) }),
      [],
      2,
    ],
    [
      'ends when numbers go back',
      () => receive(1, 'D', ORDER),
      ['5 58=MsgSeqNum too low, expecting 2 but received 1|', 'disconnect: MsgSeqNum too low'],
      2,
    ],
    [
      'wants to know when a duplicate was sent first',
      () => receive(1, 'D', ORDER, { 43: 'Y' }),
      ['3 45=1|371=122|372=D|373=1|58=OrigSendingTime must be present when PossDupFlag is Y|'],
      2,
    ],
    [
      'refuses a duplicate from the future',
      () => receive(2, 'D', ORDER, { 43: 'Y', 122: timestampOf(NOW + 1_000) }),
      ['3 45=2|371=122|372=D|373=10|58=OrigSendingTime must not be later than SendingTime|'],
      3,
    ],
    [
      'does not know every message',
      () => receive(2, 'AE', {}),
      ['j 45=2|372=AE|380=3|58=messages of type AE are not supported|'],
      3,
    ],
    [
      'knows that some types are none',
      () => receive(2, 'ZZZ', {}),
      ['3 45=2|371=35|372=ZZZ|373=11|58=MsgType must be one of FIX 4.4|'],
      3,
    ],
    [
      'misses what has to be there',
      () => receive(2, 'D', { [TAG.ClOrdID]: 'x' }),
      ['3 45=2|371=55|372=D|373=1|58=Symbol must be present|'],
      3,
    ],
    [
      'refuses what it does not heed',
      () => receive(2, 'D', { ...ORDER, 110: 5 }),
      ['3 45=2|371=110|372=D|373=2|58=tag 110 is not supported in this message|'],
      3,
    ],
    [
      'refuses a wrong format',
      () => receive(2, 'D', { ...ORDER, [TAG.TransactTime]: 'now' }),
      [
        '3 45=2|371=60|372=D|373=6|58=TransactTime must be a UTC timestamp, YYYYMMDD-HH:MM:SS.sss, but is "now"|',
      ],
      3,
    ],
    ['says goodbye', () => receive(2, '5'), ['5 ', 'disconnect: logged out'], 3],
    [
      'says goodbye also when something is missing',
      () => receive(7, '5'),
      ['5 ', 'disconnect: logged out'],
      2,
    ],
    [
      'sends again before it asks itself',
      () => receive(7, '2', { 7: 1, 16: 1 }),
      ['resend 1 to 1', '2 7=2|16=0|'],
      2,
    ],
    [
      'wants no second logon',
      () => receive(2, 'A', { 98: 0, 108: 10 }),
      ['5 58=the session is logged on already|'],
      3,
    ],
    [
      'wants the client that logged on',
      () => receive(2, '0', {}, { [TAG.SenderCompID]: 'OTHER' }),
      [
        '3 45=2|371=49|372=0|373=9|58=SenderCompID and TargetCompID must be those of the Logon|',
        '5 58=SenderCompID and TargetCompID must be those of the Logon|',
      ],
      3,
    ],
    [
      'wants a clock that is about right',
      () => receive(2, '0', {}, { [TAG.SendingTime]: timestampOf(NOW - 200_000) }),
      [
        '3 45=2|371=52|372=0|373=10|58=SendingTime must be within 120000 ms of the time here|',
        '5 58=SendingTime must be within 120000 ms of the time here|',
      ],
      3,
    ],
    [
      'ends without a number',
      () => receive(2, '0', {}, { [TAG.MsgSeqNum]: null }),
      ['5 58=MsgSeqNum must be an integer from 1 on|'],
      2,
    ],
    [
      'ends with another version of FIX',
      () => receive(2, '0', {}, {}, 'FIX.4.2'),
      ['5 58=BeginString must be FIX.4.4|'],
      2,
    ],
  ])('%s', (_name, act, expected, nextIn) => {
    act();
    expect(log).toEqual(expected);
    expect(numbers.nextIn).toBe(nextIn);
  });

  it('refuses a field that comes twice', () => {
    const twice = frame(2, 'D', ORDER);
    const { tags, values } = twice.message;
    const message = Object.assign(Object.create(Object.getPrototypeOf(twice.message)), {
      tags: [...tags, TAG.Side],
      values: [...values, '2'],
      malformed: null,
    });
    session.receive({ ...twice, message }, now);
    expect(log).toEqual(['3 45=2|371=54|372=D|373=13|58=Side must come once|']);
  });

  it('asks once for a gap, takes what comes again, and goes on in order', () => {
    for (const sequence of [4, 5, 6]) receive(sequence, 'D', ORDER);
    const again = { 43: 'Y', 122: timestampOf(NOW) };
    receive(2, 'D', ORDER, again);
    receive(3, '4', { 123: 'Y', 36: 5 }, again);
    receive(5, 'D', ORDER, again);
    receive(6, 'D', ORDER, again);
    receive(7, 'D', ORDER);
    expect(log).toEqual([
      '2 7=2|16=0|',
      'deliver D 2',
      'deliver D 5',
      'deliver D 6',
      'deliver D 7',
    ]);
    receive(9, 'D', ORDER);
    expect(log.at(-1)).toBe('2 7=8|16=0|');
  });

  it('asks again when a gap stays open', () => {
    receive(4, 'D', ORDER);
    now += HEARTBEAT_MS;
    receive(5, 'D', ORDER);
    session.tick(now);
    expect(log.filter((line) => line.startsWith('2 '))).toHaveLength(2);
  });

  it('delivers a message that is asked for after a restart only when it had no answer', () => {
    numbers.answer(3);
    const again = { 43: 'Y', 122: timestampOf(NOW) };
    receive(2, 'D', ORDER, again);
    receive(3, 'D', ORDER, again);
    receive(4, 'D', ORDER, again);
    expect(log).toEqual(['deliver D 2', 'deliver D 4']);
  });

  it('sends heartbeats into silence, asks, and gives up', () => {
    const actions: [number, string[]][] = [
      [9_999, []],
      [10_000, ['0 ']],
      [11_999, []],
      [12_000, [`1 112=T${NOW + 12_000}|`]],
      [22_000, ['0 ']],
      [23_999, []],
      [24_000, ['5 58=no message or heartbeat came|', 'disconnect: no message or heartbeat came']],
      [60_000, []],
    ];
    for (const [afterMs, expected] of actions) {
      log = [];
      now = NOW + afterMs;
      session.tick(now);
      expect({ afterMs, log }).toEqual({ afterMs, log: expected });
    }
  });

  it('stays when the question is answered', () => {
    now = NOW + 12_000;
    session.tick(now);
    receive(2, '0', { 112: `T${now}` });
    now += 11_000;
    session.tick(now);
    expect(session.isActive).toBe(true);
  });

  it('waits for the goodbye that it has asked for, and takes no orders any more', () => {
    session.end('enough', now);
    receive(2, 'D', ORDER);
    expect(numbers.nextIn).toBe(2);
    receive(3, '5');
    expect(log).toEqual(['5 58=enough|', 'disconnect: logged out']);
  });

  it('does not wait for it forever', () => {
    session.end('enough', now);
    session.tick(now + 1_999);
    expect(log).toHaveLength(1);
    session.tick(now + 2_000);
    expect(log.at(-1)).toBe('disconnect: no Logout came back');
  });

  it('ends who sends nothing but wrong messages', () => {
    for (let sequence = 2; sequence < 6; sequence++) receive(sequence, 'D', { 110: 1 });
    expect(log.at(-1)).toBe('5 58=more than 3 wrong messages in a row|');
  });
});

describe('numbers', () => {
  it('know what has no answer yet', () => {
    for (let sequence = 1; sequence <= 5; sequence++) numbers.nextIn = sequence + 1;
    for (const sequence of [1, 3, 5]) numbers.answer(sequence);
    expect([numbers.unanswered, numbers.answeredBeyond]).toEqual([2, [3, 5]]);
    expect([1, 2, 3, 4].map((one) => numbers.isAnswered(one))).toEqual([true, false, true, false]);
    numbers.answer(2);
    expect([numbers.unanswered, numbers.answeredBeyond]).toEqual([4, [5]]);
    numbers.skipTo(9);
    numbers.answer(4);
    expect([numbers.unanswered, numbers.answeredBeyond]).toEqual([9, []]);
  });

  it('remember no more than a bounded span', () => {
    numbers.nextIn = 2;
    numbers.skipTo(2_000_000_000);
    expect(numbers.unanswered).toBe(2_000_000_000);
    expect(numbers.answeredBeyond).toEqual([]);
  });
});
