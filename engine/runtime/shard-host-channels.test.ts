import { afterEach, describe, expect, it } from 'vitest';
import { F_QTY, headOf, SLOT_WORDS, typeOf, W_ACCOUNT, W_REQUEST } from '../messages/layout.js';
import { CMD_CHANNEL, CMD_DEPOSIT, EVT_REJECTED, MSG_FEE_RATES } from '../messages/types.js';
import { ManualClock } from './clock.js';
import { DirectOutput } from './event-output.js';
import type { HaltReport } from './halt-report.js';
import type { HostChannels, HostInput } from './host-port.js';
import { makeScratch, openToy, removeScratch } from './journal/scratch.fixture.js';
import { createRing, RingReader, RingWriter } from './ring.js';
import { ShardHost } from './shard-host.js';

/** The ends of channels as a host sees them, with the switches in the test's hand. */
class Channels implements HostChannels {
  congested = false;
  stoppedShard = -1;
  canPump = false;
  hasStopped = false;
  pumps = 0;
  readonly applications: [number, number][] = [];
  readonly inputs: readonly HostInput[];
  readonly output = new DirectOutput();
  private readonly writer: RingWriter;

  constructor() {
    const memory = createRing(1024);
    this.writer = new RingWriter(memory);
    this.inputs = [{ portId: 127, input: new RingReader(memory), door: 'shards' }];
  }

  pump(): void {
    this.pumps++;
  }
  applied(sequence: number, kept: number): void {
    this.applications.push([sequence, kept]);
  }
  stop(): void {
    this.hasStopped = true;
  }

  /** A message of another shard arrives. */
  arrive(): void {
    const words = new Int32Array(2 * SLOT_WORDS);
    words[0] = headOf(CMD_CHANNEL, 2, 0);
    words[SLOT_WORDS] = headOf(MSG_FEE_RATES, 1, 0);
    this.writer.tryWrite(words, 0, 2);
    this.writer.publish();
  }
}

function setUp() {
  const opened = openToy(makeScratch(), { policy: 'never' });
  const { shard, journal } = opened;
  const channels = new Channels();
  const memory = createRing(1024);
  const commands = new RingWriter(memory);
  const output = new DirectOutput();
  const answers: number[] = [];
  output.consumer = (words, _floats, at) => answers.push(typeOf(words[at] as number));
  const halts: HaltReport[] = [];
  const host = new ShardHost({
    shard,
    journal,
    channels,
    clock: new ManualClock(1000),
    ports: [{ portId: 1, input: new RingReader(memory), output, door: 'operators' }],
    onHalt: (report) => halts.push(report),
  });
  host.begin();
  const deposit = () => {
    const words = new Int32Array(SLOT_WORDS);
    words[0] = headOf(CMD_DEPOSIT, 1, 0);
    words[W_ACCOUNT] = 3;
    words[W_REQUEST] = 9;
    new Float64Array(words.buffer)[F_QTY] = 1;
    commands.tryWrite(words, 0, 1);
    commands.publish();
  };
  const run = () => {
    while (host.step());
  };
  return { opened, shard, journal, channels, host, deposit, run, answers, halts };
}

afterEach(removeScratch);

describe('the host of a shard among others', () => {
  it('takes messages of shards, and no commands, while too much is under way', async () => {
    const { channels, host, deposit, run, shard, opened } = setUp();
    channels.congested = true;
    deposit();
    channels.arrive();
    run();
    expect(shard.sequence).toBe(2);
    expect(host.hasInput).toBe(false);
    channels.congested = false;
    expect(host.hasInput).toBe(true);
    run();
    expect(shard.sequence).toBe(3);
    await opened.close();
  });

  it('hears only shards, and no timers, until all of them have come to one state', async () => {
    const { channels, host, deposit, run, shard, opened } = setUp();
    host.onlyChannels = true;
    shard.nextTimerMs = () => 0;
    deposit();
    channels.arrive();
    run();
    expect(shard.sequence).toBe(2);
    shard.nextTimerMs = () => Number.POSITIVE_INFINITY;
    host.onlyChannels = false;
    run();
    expect(shard.sequence).toBe(3);
    await opened.close();
  });

  it('stands still while it is looked at, and goes on to the end after its input was closed', async () => {
    const { channels, host, deposit, run, shard, opened } = setUp();
    host.paused = true;
    channels.arrive();
    deposit();
    run();
    expect([shard.sequence, host.hasInput]).toEqual([1, false]);
    host.paused = false;
    host.stopInput();
    run();
    expect(shard.sequence).toBe(2);
    await opened.close();
  });

  it('tells how far it has come, and sends what waits before it does anything else', async () => {
    const { channels, host, run, opened, journal } = setUp();
    channels.arrive();
    run();
    expect(channels.applications.at(-1)).toEqual([2, 2]);
    const { pumps } = channels;
    channels.canPump = true;
    expect(host.hasInput).toBe(true);
    host.step();
    expect(channels.pumps).toBeGreaterThan(pumps);
    expect(journal.writtenSequence).toBe(2);
    await opened.close();
  });

  it('stops with the others without a report of its own, and refuses everything', async () => {
    const { channels, host, deposit, run, answers, halts, shard, opened } = setUp();
    channels.stoppedShard = 4;
    expect(host.hasInput).toBe(true);
    answers.length = 0;
    deposit();
    channels.arrive();
    run();
    expect(host.halted).toBe(true);
    expect(halts).toEqual([]);
    expect(answers).toEqual([EVT_REJECTED]);
    expect(shard.sequence).toBe(1);
    // What other shards sent waits for the next start.
    expect(channels.inputs[0]?.input.pending).toBe(true);
    expect(host.hasInput).toBe(false);
    await opened.close();
  });

  it('stops the others when an invariant breaks', async () => {
    const { channels, host, deposit, run, shard, halts, opened } = setUp();
    shard.applyFrame = () => {
      throw new Error('broken');
    };
    deposit();
    run();
    expect([host.halted, channels.hasStopped, halts.length]).toEqual([true, true, 1]);
    await opened.close();
  });
});
