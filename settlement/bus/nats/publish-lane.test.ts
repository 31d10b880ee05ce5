import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BusConflictError, BusFullError, BusUnavailableError } from '../errors.js';
import { bytesOf, turnIsOver } from '../reading.fixture.js';
import { type LaneOptions, PublishLane } from './publish-lane.js';
import type { PublishAnswer, StreamEnd, Wire, WireMessage } from './wire.js';

type Fate = 'answered' | 'lost' | 'answerLost' | 'late' | 'held' | 'refused';

/**
 * A server as the lane may meet it: it keeps the rules of JetStream for expected sequences, expected ids and
 * ids seen before, and everything between it and the lane goes wrong as told.
 */
class FaultyServer implements Wire {
  readonly stored: string[] = [];
  fates: Fate[] = [];
  isDown = false;
  isFull = false;
  doubted = new Set<string>();
  /** Messages that arrive when they are let go. */
  readonly held: (() => void)[] = [];
  private readonly isReplicated: boolean;
  private readonly wanted = new Map<string, (answer: PublishAnswer) => void>();
  private count = 0;

  constructor(isReplicated: boolean) {
    this.isReplicated = isReplicated;
  }

  send(message: WireMessage, onAnswer: (answer: PublishAnswer) => void): string {
    const token = String(this.count);
    const fate = this.isDown
      ? 'lost'
      : (this.fates[scatter(this.count) % this.fates.length] ?? 'answered');
    this.count++;
    this.wanted.set(token, onAnswer);
    const answer = (what: PublishAnswer) => {
      setImmediate(() => {
        const wanted = this.wanted.get(token);
        this.wanted.delete(token);
        wanted?.(what);
      });
    };
    if (fate === 'answered') answer(this.store(message));
    else if (fate === 'answerLost') this.store(message);
    else if (fate === 'late') setTimeout(() => answer(this.store(message)), 6 + (this.count % 30));
    else if (fate === 'held') this.held.push(() => answer(this.store(message)));
    else if (fate === 'refused') answer({ kind: 'refused', sentence: 'no leader' });
    return token;
  }

  forget(token: string): void {
    this.wanted.delete(token);
  }

  async endOf(): Promise<StreamEnd> {
    await sleep(1);
    if (this.isDown) throw new Error('no answer');
    const sequence = this.stored.length;
    return { sequence, wireId: this.stored.at(-1) ?? null, isReplicated: this.isReplicated };
  }

  async idAt(_: string, sequence: number): Promise<string | null> {
    return this.stored[sequence - 1] ?? null;
  }

  private store({ wireId, after }: WireMessage): PublishAnswer {
    if (this.isFull) return { kind: 'full', sentence: 'maximum bytes exceeded' };
    if (this.doubted.has(wireId)) return { kind: 'idInDoubt', sentence: 'id is in process' };
    const before = this.stored.indexOf(wireId);
    if (before >= 0) return { kind: 'duplicate', sequence: before + 1 };
    const refuse = (sentence: string) => ({ kind: 'refused' as const, sentence });
    if (after.sequence !== this.stored.length) return refuse(`last is ${this.stored.length}`);
    if (after.wireId !== null && after.wireId !== this.stored.at(-1)) return refuse('wrong id');
    if (this.isReplicated) expect(after.wireId).toBeNull();
    this.stored.push(wireId);
    return { kind: 'stored', sequence: this.stored.length };
  }
}

/** In turn, fates could always hit the same message. */
function scatter(count: number): number {
  return (Math.imul(count + 1, 0x9e3779b1) >>> 8) % 65_521;
}

let timer: NodeJS.Timeout | undefined;
afterEach(() => clearInterval(timer));

function makeLane(server: Wire, options: Partial<LaneOptions> = {}): PublishLane {
  const lane = new PublishLane(server, {
    stream: 'fills',
    patienceMs: 60_000,
    answerMs: 25,
    cautionMs: 100,
    windowMessages: 8,
    windowBytes: 1_000,
    ...options,
  });
  clearInterval(timer);
  timer = setInterval(() => lane.tick(Date.now()), 5);
  return lane;
}

function publish(lane: PublishLane, from: number, to: number): Promise<void>[] {
  const promises: Promise<void>[] = [];
  for (let n = from; n <= to; n++) promises.push(lane.publish('fills.1', bytesOf(n), `m${n}`));
  return promises;
}

/** From behind what is stored, and again when the machine pauses for longer than the lane has patience. */
async function publishAtLast(lane: PublishLane, server: FaultyServer, to: number): Promise<void> {
  while (server.stored.length < to) {
    const results = await Promise.allSettled(publish(lane, server.stored.length + 1, to));
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(BusUnavailableError);
    }
    await turnIsOver();
  }
}

/** Waits until the answer is neither false nor nothing. */
async function until<T>(ask: () => T) {
  return await vi.waitUntil(ask, { timeout: 60_000, interval: 1 });
}

function names(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `m${from + index}`);
}

describe.each([
  ['one server', false],
  ['a cluster', true],
])('the publish lane before %s', (_, isReplicated) => {
  it('stores each message once and in order, whatever is lost, late or refused', async () => {
    const fate = fc.constantFrom<Fate>(
      'answered',
      'answered',
      'lost',
      'answerLost',
      'late',
      'refused',
    );
    const faults = fc.array(fate, { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(faults, fc.integer({ min: 1, max: 40 }), async (fates, count) => {
        const server = new FaultyServer(isReplicated);
        // Something must come through, or nothing would ever end.
        server.fates = [...fates, 'answered', 'answered'];
        const lane = makeLane(server);
        const half = count >> 1;
        const first = publish(lane, 1, half);
        await sleep(3);
        await Promise.all([...first, ...publish(lane, half + 1, count)]);
        expect(server.stored).toEqual(names(1, count));
        expect(lane).toMatchObject({ stored: count, waitingMessages: 0, waitingBytes: 0 });
        // What was late may still come, and must change nothing.
        await sleep(40);
        expect(server.stored).toEqual(names(1, count));
        lane.close();
      }),
      { numRuns: 10 },
    );
  });

  it('keeps what is published while the server is down', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server);
    await Promise.all(publish(lane, 1, 5));
    server.isDown = true;
    const waiting = publish(lane, 6, 60);
    lane.stop('the connection was lost');
    await sleep(200);
    expect(server.stored.length).toBe(5);
    expect(lane.unavailableSinceMs).not.toBeNull();
    server.isDown = false;
    await Promise.all(waiting);
    expect(server.stored).toEqual(names(1, 60));
    expect(lane.unavailableSinceMs).toBeNull();
  });

  it('says that nothing can be stored while a server tells how the stream ends and stores nothing', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server);
    await publish(lane, 1, 1)[0];
    server.fates = ['lost'];
    const waiting = publish(lane, 2, 4);
    const sinceMs = await until(() => lane.unavailableSinceMs);
    // It asks for the end some times meanwhile, sends again, and waits in vain.
    await until(() => {
      expect(lane.unavailableSinceMs).toBe(sinceMs);
      return lane.sentAgain >= 10;
    });
    server.fates = [];
    await Promise.all(waiting);
    expect(lane.unavailableSinceMs).toBeNull();
    expect(server.stored).toEqual(names(1, 4));
  });

  it('does not say that nothing can be stored when a connection is lost and nothing waits', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server);
    await Promise.all(publish(lane, 1, 3));
    lane.stop('the connection was lost');
    expect(lane).toMatchObject({
      unavailableSinceMs: null,
      lastError: 'the connection was lost',
    });
    await Promise.all(publish(lane, 4, 5));
    expect(server.stored).toEqual(names(1, 5));
  });

  it('rejects all that waits when its patience ends, and goes on behind what was stored', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server, { patienceMs: 150 });
    await publishAtLast(lane, server, 3);
    server.fates = ['answerLost'];
    const results = Promise.allSettled(publish(lane, 4, 6));
    await sleep(10);
    server.isDown = true;
    for (const result of await results) {
      expect(result).toMatchObject({ reason: expect.any(BusUnavailableError) });
    }
    server.isDown = false;
    server.fates = [];
    await turnIsOver();
    await publishAtLast(lane, server, 9);
    expect(server.stored).toEqual(names(1, 9));
  });

  it('says when somebody else publishes, and then goes on behind it', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server);
    await Promise.all(publish(lane, 1, 3));
    server.stored.push('foreign');
    const [first, second] = await Promise.allSettled(publish(lane, 4, 5));
    expect(first).toMatchObject({ reason: expect.any(BusConflictError) });
    expect(second).toMatchObject({ reason: expect.any(BusConflictError) });
    expect(lane.lastError).toMatch(/ends with message 4 \(foreign\).*somebody else publishes/);
    await turnIsOver();
    await Promise.all(publish(lane, 4, 5));
    expect(server.stored).toEqual([...names(1, 3), 'foreign', ...names(4, 5)]);
  });

  it('says when the server has lost messages', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server);
    await Promise.all(publish(lane, 1, 5));
    server.stored.length = 2;
    const [result] = await Promise.allSettled(publish(lane, 6, 6));
    expect(result).toMatchObject({ reason: expect.any(BusConflictError) });
    expect(lane.lastError).toMatch(/messages were lost/);
    await turnIsOver();
    await Promise.all(publish(lane, 3, 6));
    expect(server.stored).toEqual(names(1, 6));
  });

  it('rejects what waits behind a message that found the stream full', async () => {
    const server = new FaultyServer(isReplicated);
    const lane = makeLane(server);
    await Promise.all(publish(lane, 1, 2));
    server.isFull = true;
    for (const result of await Promise.allSettled(publish(lane, 3, 9))) {
      expect(result).toMatchObject({ reason: expect.any(BusFullError) });
    }
    server.isFull = false;
    await turnIsOver();
    await Promise.all(publish(lane, 3, 9));
    expect(server.stored).toEqual(names(1, 9));
  });

  it('takes another id when the server holds one back, and still knows it as its own', async () => {
    const server = new FaultyServer(isReplicated);
    server.doubted.add('m2');
    const lane = makeLane(server);
    await Promise.all(publish(lane, 1, 2));
    expect(server.stored).toEqual(['m1', 'm2#1']);
    server.fates = ['answerLost'];
    const waiting = publish(lane, 3, 3);
    await sleep(60);
    server.fates = [];
    await Promise.all([...waiting, ...publish(lane, 4, 4)]);
    expect(server.stored).toEqual(['m1', 'm2#1', 'm3', 'm4']);
  });
});

it('sends one message at a time to a cluster at first, because a predecessor may have some on the way', async () => {
  const server = new FaultyServer(true);
  server.fates = ['held'];
  const lane = makeLane(server, { answerMs: 60_000 });
  const waiting = Promise.allSettled(publish(lane, 1, 6));
  // A straggler of another process takes the first place: of several under way, the second would fit behind it.
  await until(() => server.held.length > 0);
  await sleep(20);
  expect(server.held.length).toBe(1);
  server.stored.push('straggler');
  server.held[0]!();
  for (const result of await waiting) {
    expect(result).toMatchObject({ reason: expect.any(BusConflictError) });
  }
  expect(server.stored).toEqual(['straggler']);
});

it('takes nothing behind a rejected message before its publisher can know', async () => {
  const answers: ((answer: PublishAnswer) => void)[] = [];
  const wire: Wire = {
    send: (_, onAnswer) => String(answers.push(onAnswer)),
    forget: () => {},
    endOf: async () => ({ sequence: 0, wireId: null, isReplicated: false }),
    idAt: async () => null,
  };
  const lane = makeLane(wire, { answerMs: 60_000 });
  const [first, second] = publish(lane, 1, 2);
  // A publisher with a window: what is stored makes room for the next one.
  const third = first!.then(() => lane.publish('fills.1', bytesOf(3), 'm3'));
  await until(() => answers.length >= 2);
  // Both answers are in one packet.
  answers[0]!({ kind: 'stored', sequence: 1 });
  answers[1]!({ kind: 'full', sentence: 'maximum bytes exceeded' });
  await expect(second).rejects.toThrow(BusFullError);
  await expect(third).rejects.toThrow(BusFullError);
  expect(answers.length).toBe(2);
});

it('asks a cluster again that tells an older end for a moment', async () => {
  const server = new FaultyServer(true);
  const lane = makeLane(server, { cautionMs: 60_000 });
  await Promise.all(publish(lane, 1, 3));
  // A node that was paused answers for the leader.
  const newest = server.stored.pop()!;
  const waiting = publish(lane, 4, 5);
  lane.stop('the connection was lost');
  await until(() => lane.lastError?.includes('ends before what was acknowledged'));
  expect(lane.unavailableSinceMs).not.toBeNull();
  server.stored.push(newest);
  await Promise.all(waiting);
  expect(server.stored).toEqual(names(1, 5));
});
