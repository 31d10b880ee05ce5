import { afterEach, describe, expect, it } from 'vitest';
import { InvariantError } from '../assert.js';
import {
  EF_SEQUENCE,
  EW_CODE,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  headOf,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import { REJECT } from '../messages/reject-codes.js';
import { CMD_DEPOSIT, CMD_PLACE, EVT_DONE, EVT_REJECTED } from '../messages/types.js';
import { ManualClock } from './clock.js';
import { RingOutput } from './event-output.js';
import type { HaltReport } from './halt-report.js';
import type { Door } from './host-port.js';
import type { OpenShardOptions } from './journal/open-shard.js';
import { makeScratch, openToy, removeScratch } from './journal/scratch.fixture.js';
import { createSegmentFile, type SegmentFile } from './journal/segment-file.js';
import { createRing, RingReader, RingWriter } from './ring.js';
import { ShardHost } from './shard-host.js';

interface SeenEvent {
  type: number;
  sequence: number;
  session: number;
  request: number;
  code: number;
}

/** The far end of a port: sends deposits, collects events. */
class TestPort {
  readonly commands: RingWriter;
  readonly events: RingReader;
  readonly host;
  wakes = 0;
  private readonly words = new Int32Array(SLOT_WORDS);

  constructor(portId: number, eventSlots: number, door: Door) {
    const inbound = createRing(1024);
    const outbound = createRing(eventSlots);
    this.commands = new RingWriter(inbound);
    this.events = new RingReader(outbound);
    const wake = () => this.wakes++;
    const output = new RingOutput(new RingWriter(outbound), wake);
    this.host = { portId, input: new RingReader(inbound), output, door };
  }

  deposit(request: number, session = 5): boolean {
    const { words } = this;
    words.fill(0);
    words[0] = headOf(CMD_DEPOSIT, 1, 0);
    words[W_ACCOUNT] = 3;
    words[W_SESSION] = session;
    words[W_REQUEST] = request;
    new Float64Array(words.buffer)[F_QTY] = request;
    return this.send(words);
  }

  send(words: Int32Array): boolean {
    const sent = this.commands.tryWrite(words, 0, words.length / SLOT_WORDS);
    this.commands.publish();
    return sent;
  }

  /** Takes at most so many events out of the ring. */
  take(most = Number.POSITIVE_INFINITY): SeenEvent[] {
    const seen: SeenEvent[] = [];
    const { events } = this;
    for (let at = events.next(); at >= 0 && seen.length < most; at = events.next()) {
      const { words, floats } = events;
      seen.push({
        type: typeOf(words[at] as number),
        sequence: floats[at / 2 + EF_SEQUENCE] as number,
        session: words[at + EW_SESSION] as number,
        request: words[at + EW_REQUEST] as number,
        code: words[at + EW_CODE] as number,
      });
      events.advance();
    }
    events.release();
    return seen;
  }
}

interface SetUp {
  options?: Partial<OpenShardOptions>;
  ports?: number;
  eventSlots?: number;
  door?: Door;
}

function setUp({ options = {}, ports = 1, eventSlots = 1024, door = 'operators' }: SetUp = {}) {
  const opened = openToy(makeScratch(), {
    ...options,
    onDurable: () => host?.release(),
    onFailure: (error) => host?.halt(error),
  });
  const ends = Array.from({ length: ports }, (_, i) => new TestPort(i + 1, eventSlots, door));
  const clock = new ManualClock(1000);
  const halts: HaltReport[] = [];
  const { shard, journal } = opened;
  let host: ShardHost | null = null;
  host = new ShardHost({
    shard,
    journal,
    clock,
    ports: ends.map((end) => end.host),
    onHalt: (report) => halts.push(report),
  });
  host.begin();
  const run = () => {
    while ((host as ShardHost).step());
  };
  return { opened, host, clock, ends, end: ends[0] as TestPort, halts, run, shard, journal };
}

afterEach(removeScratch);

describe('the host of a shard', () => {
  it('begins an epoch, then journals what comes and answers it', async () => {
    const { end, run, shard, opened, journal } = setUp();
    expect(shard.epoch).toBe(journal.epoch);
    end.deposit(1);
    end.deposit(2);
    run();
    expect(end.take().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(journal.writtenSequence).toBe(3);
    await opened.close();
  });

  it('takes a port more while it runs, which sees what comes after and nothing of before', async () => {
    const { end, host, run, opened } = setUp({ eventSlots: 8 });
    const late = new TestPort(7, 1024, 'operators');
    for (let i = 1; i <= 8; i++) end.deposit(i);
    run();
    // Most of it waits: the first port's ring is small.
    expect(host.drained).toBe(false);
    host.attach(late.host);
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) {
      seen.push(...end.take().map(({ sequence }) => sequence));
      host.release();
      run();
    }
    expect(new Set(seen)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(late.take()).toEqual([]);
    late.deposit(20);
    end.deposit(21);
    run();
    const heard = late.take();
    expect(new Set(heard.map(({ sequence }) => sequence))).toEqual(new Set([10, 11]));
    // One that is closed is let go of, and holds up nobody.
    late.events.close();
    for (let i = 30; i < 34; i++) end.deposit(i);
    run();
    expect(end.take().length).toBeGreaterThan(0);
    await opened.close();
  });

  it('writes the port into the session, whatever the port says', async () => {
    const { ends, run, shard, opened } = setUp({ ports: 2 });
    const seen: number[] = [];
    const apply = shard.applyFrame.bind(shard);
    shard.applyFrame = (frame) => {
      seen.push(frame.messages.words[W_SESSION] as number);
      apply(frame);
    };
    ends[1]?.deposit(1, (99 << 24) | 77);
    run();
    expect(seen).toEqual([(2 << 24) | 77]);
    await opened.close();
  });

  it('answers malformed messages and lets nothing of them into the journal', async () => {
    const { end, run, journal, host, opened } = setUp();
    const before = journal.writtenSequence;
    const cases: [number, number, number][] = [
      [CMD_PLACE, 3, REJECT.message_is_malformed],
      [CMD_DEPOSIT, 2, REJECT.message_is_malformed],
      [0, 2, REJECT.message_type_is_unknown],
      [40, 1, REJECT.message_type_is_unknown],
      [77, 1, REJECT.message_type_is_unknown],
      [200, 4, REJECT.message_type_is_unknown],
    ];
    for (const [type, slots, code] of cases) {
      const words = new Int32Array(slots * SLOT_WORDS);
      words[0] = headOf(type, slots, 1);
      words[W_REQUEST] = 8;
      words[W_SESSION] = 6;
      end.send(words);
      run();
      const answer = end.take().at(-1);
      expect(answer).toMatchObject({
        type: EVT_REJECTED,
        code,
        request: 8,
        session: (1 << 24) | 6,
      });
    }
    expect(journal.writtenSequence).toBe(before);
    expect(host.stats.get('malformed')).toBe(cases.length);
    end.deposit(1);
    run();
    expect(journal.writtenSequence).toBe(before + 1);
    await opened.close();
  });

  it('refuses numbers that are none, and operator commands from a door for traders', async () => {
    const { end, run, opened, journal } = setUp({ door: 'traders' });
    end.take();
    end.deposit(1);
    run();
    expect(end.take()).toMatchObject([{ code: REJECT.message_type_is_unknown }]);
    for (const [float, value] of [
      [2, Number.NaN],
      [3, -1],
      [4, 0.5],
      [6, Number.POSITIVE_INFINITY],
      [7, 2 ** 53],
    ] as const) {
      const words = new Int32Array(SLOT_WORDS);
      words[0] = headOf(CMD_PLACE, 1, 1);
      new Float64Array(words.buffer)[float] = value;
      end.send(words);
      run();
      expect(end.take()).toMatchObject([{ code: REJECT.message_is_malformed }]);
    }
    expect(journal.writtenSequence).toBe(1);
    await opened.close();
  });

  it('takes from all ports in fair turns', async () => {
    const { ends, host, opened, shard } = setUp({ ports: 2, eventSlots: 8192 });
    const [loud, quiet] = ends as [TestPort, TestPort];
    for (let i = 0; i < 1500; i++) loud.deposit(i);
    for (let i = 0; i < 10; i++) quiet.deposit(i);
    let quietSeen = 0;
    const apply = shard.applyFrame.bind(shard);
    shard.applyFrame = (frame) => {
      for (let i = 0; i < frame.count; i++) {
        if ((frame.messages.words[i * SLOT_WORDS + W_SESSION] as number) >>> 24 === 2) quietSeen++;
      }
      apply(frame);
    };
    host.step();
    expect(quietSeen).toBe(10);
    expect(shard.sequence).toBe(1 + 1024);
    await opened.close();
  });

  it('lets nothing out under always before it is durable, and works on meanwhile', async () => {
    const waiting: (() => void)[] = [];
    const createFile = heldSyncs(waiting);
    const { end, run, shard, journal, opened } = setUp({
      options: { policy: 'always', createFile },
    });
    for (let i = 1; i <= 3; i++) {
      end.deposit(i);
      run();
    }
    expect(shard.sequence).toBe(4);
    expect(journal.durableSequence).toBe(0);
    expect(end.take()).toEqual([]);
    // The first sync covers the epoch only, the next one all that came while it ran.
    waiting.shift()?.();
    expect(end.take().map(({ sequence }) => sequence)).toEqual([1]);
    waiting.shift()?.();
    expect(end.take().map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    const closing = opened.close();
    while (waiting.length > 0) waiting.shift()?.();
    await closing;
  });

  it('takes no input while a reader is slow, and loses nothing', async () => {
    const { end, run, shard, host, opened } = setUp({ eventSlots: 8 });
    let sent = 0;
    while (end.deposit(sent)) {
      sent++;
      run();
    }
    // What was taken stands in the ring and in the host, what was not makes the sender's ring full.
    expect(shard.sequence).toBeLessThan(10);
    expect(sent).toBeGreaterThanOrEqual(1024);
    expect(host.hasInput).toBe(false);
    const seen: number[] = [];
    while (seen.length < sent + 1) {
      seen.push(...end.take(2).map(({ sequence }) => sequence));
      run();
    }
    expect(seen).toEqual(Array.from({ length: sent + 1 }, (_, i) => i + 1));
    await opened.close();
  });

  it('is not held up by a reader that is gone', async () => {
    const { ends, run, shard, opened } = setUp({ ports: 2, eventSlots: 8 });
    const [alive, dead] = ends as [TestPort, TestPort];
    for (let i = 0; i < 20; i++) {
      alive.deposit(i);
      run();
      alive.take();
    }
    expect(shard.sequence).toBeLessThan(21);
    dead.events.close();
    run();
    expect(alive.take().length).toBeGreaterThan(0);
    expect(shard.sequence).toBe(21);
    await opened.close();
  });

  it('never lets time go back, and runs timers when they are due', async () => {
    const { end, run, shard, clock, host, opened } = setUp();
    shard.timeMs = 5000;
    end.deposit(1);
    run();
    expect(shard.timeMs).toBe(5000);
    let due = 6000;
    shard.nextTimerMs = () => due;
    run();
    const before = shard.sequence;
    clock.set(6000);
    const apply = shard.applyFrame.bind(shard);
    shard.applyFrame = (frame) => {
      due = Number.POSITIVE_INFINITY;
      apply(frame);
    };
    run();
    expect(shard.sequence).toBe(before + 1);
    expect(shard.timeMs).toBe(6000);
    expect(host.step()).toBe(false);
    await opened.close();
  });

  it('stops for good on a broken invariant: reports it, refuses everything', async () => {
    const { end, run, shard, halts, host, journal, opened } = setUp();
    shard.applyFrame = () => {
      throw new InvariantError('the sum must be zero');
    };
    end.take();
    end.deposit(1);
    run();
    expect(host.halted).toBe(true);
    expect(halts).toMatchObject([
      { error: 'InvariantError: the sum must be zero', journaledSequence: 1, frame: { count: 1 } },
    ]);
    expect(halts[0]?.frame.messages).toHaveLength(128);
    end.deposit(2);
    run();
    expect(end.take()).toMatchObject([{ type: EVT_REJECTED, request: 2 }]);
    expect(journal.writtenSequence).toBe(1);
    await opened.close();
  });

  it('waits for a disk that is full, and goes on with the very frame', async () => {
    let full = false;
    const createFile = (file: string, header: Uint8Array): SegmentFile => {
      const real = createSegmentFile(file, header);
      const write = real.write.bind(real);
      real.write = (...args) => {
        if (full) throw new Error('no space left on device');
        return write(...args);
      };
      return real;
    };
    const { end, run, host, opened, journal } = setUp({ options: { createFile } });
    end.take();
    full = true;
    end.deposit(1);
    run();
    end.deposit(2);
    run();
    expect(end.take()).toEqual([]);
    expect(host.stats.get('state')).toBe(1);
    expect(end.commands.stalled).toBe(true);
    full = false;
    await new Promise((resolve) => setTimeout(resolve, 120));
    run();
    expect(end.take()).toMatchObject([
      { type: EVT_DONE, sequence: 2 },
      { type: EVT_DONE, sequence: 3 },
    ]);
    expect(journal.writtenSequence).toBe(3);
    expect(host.stats.get('state')).toBe(0);
    expect(end.commands.stalled).toBe(false);
    await opened.close();
  });

  it('wakes a reader that sleeps, once', async () => {
    const { end, run, opened } = setUp();
    end.take();
    expect(end.events.trySleep()).toBe(true);
    end.deposit(1);
    end.deposit(2);
    run();
    expect(end.wakes).toBe(1);
    await opened.close();
  });
});

/** Files whose syncs end when the test says so. */
function heldSyncs(waiting: (() => void)[]) {
  return (file: string, header: Uint8Array): SegmentFile => {
    const real = createSegmentFile(file, header);
    real.sync = (done) => {
      waiting.push(() => done(null));
    };
    return real;
  };
}
