import { EW_REQUEST, EW_SESSION, SLOT_WORDS } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { ShardAccess } from '../../main/exchange/shard-access.js';
import { setUpShard } from '../book/core-setup.js';
import { BENCH_SESSION } from '../book/encode.js';
import { FillReader } from '../book/fill-reader.js';
import { WorkloadCommands } from '../book/workload-commands.js';
import { InFlightTimes } from '../load/in-flight.js';
import type { LatencyHistogram } from '../load/latency-histogram.js';
import { nowNs, OpenLoopSchedule } from '../load/open-loop.js';
import type { Workload } from '../workload/format.js';
import { TradeTally } from '../workload/trade-tally.js';

/** Commands that leave with one flush at full speed. */
const BURST = 64;
/** Latencies of more requests than this at a time are not a queue but a collapse. */
const IN_FLIGHT_MAX = 2 ** 20;
const SILENCE_MS = 20_000;
/** Answers that come together share a reading of the clock, which costs as much as an answer does. */
const ANSWERS_A_READING = 16;

/**
 * Producer and consumer of a shard on this thread, as a gateway is: commands into the inbound ring, answers
 * and trades out of the outbound ring. Every command has exactly one answer, which carries its request.
 */
export class ShardDriver {
  readonly tally = new TradeTally();
  private readonly fills = new FillReader(this.tally);
  private readonly port: ShardPort;
  private readonly commands: WorkloadCommands;
  private readonly out = new MessageBuffer(BURST);
  private readonly times = new InFlightTimes(IN_FLIGHT_MAX);
  private histogram: LatencyHistogram | null = null;
  private answered = 0;
  private answersToReading = 0;
  private readNs = 0;

  constructor(port: ShardPort, workload: Workload, accounts: number) {
    this.port = port;
    this.commands = WorkloadCommands.forShard(workload, accounts);
    this.out.push(BURST);
    port.onEvents((words, floats, firstWord) => this.onEvent(words, floats, firstWord));
  }

  /** Lists the market and creates the accounts, as an operator; waits until all of it has been applied. */
  async setUp(shard: Pick<ShardAccess, 'adminPort' | 'settle'>, accounts: number): Promise<void> {
    const { adminPort } = shard;
    const messages = new MessageBuffer(1024);
    const frames: ((messages: MessageBuffer) => number)[] = [];
    setUpShard(accounts, 1, (write) => frames.push(write));
    // A ring whose events nobody takes would stop the shard.
    adminPort.onEvents(() => {});
    for (const write of frames) {
      messages.reset();
      write(messages);
      const { words, length } = messages;
      await this.until(() => adminPort.trySendAll(words, 0, length));
      adminPort.flush();
    }
    await shard.settle();
  }

  /** Sends records `from` … `to − 1` as fast as the ring takes them; nanoseconds until the last answer. */
  async fullSpeed(from: number, to: number): Promise<number> {
    const { out, port } = this;
    const wanted = this.answered + to - from;
    const startNs = nowNs();
    for (let start = from; start < to; start += BURST) {
      const end = Math.min(start + BURST, to);
      this.commands.write(out.words, out.floats, start, end);
      while (!port.trySendAll(out.words, 0, end - start)) await this.turn();
      port.flush();
    }
    await this.until(() => this.answered >= wanted);
    return nowNs() - startNs;
  }

  /** Sends records at a constant rate; latencies count from the intended times. */
  async openLoop(
    from: number,
    to: number,
    ratePerSecond: number,
    histogram: LatencyHistogram,
  ): Promise<void> {
    const { out, port, times } = this;
    const wanted = this.answered + to - from;
    this.histogram = histogram;
    const schedule = new OpenLoopSchedule(ratePerSecond, nowNs() + 1e6);
    let written = false;
    for (let next = from; next < to; ) {
      let sent = 0;
      for (let due = schedule.dueAt(nowNs()); due > 0 && next < to; due--) {
        if (!written) this.commands.write(out.words, out.floats, next, next + 1);
        // A full ring delays the send; the time that it was meant for stays.
        written = !port.trySend(out.words, 0, 1);
        if (written) break;
        times.begin(next + 1, schedule.take());
        next++;
        sent++;
      }
      if (sent > 0) port.flush();
      await this.turn();
    }
    await this.until(() => this.answered >= wanted);
    this.histogram = null;
  }

  private onEvent(words: Int32Array, floats: Float64Array, firstWord: number): void {
    this.fills.read(words, floats, firstWord / SLOT_WORDS);
    if (words[firstWord + EW_SESSION] !== BENCH_SESSION) return;
    this.answered++;
    if (this.histogram === null) return;
    if (--this.answersToReading < 0) {
      this.readNs = nowNs();
      this.answersToReading = ANSWERS_A_READING - 1;
    }
    const latency = this.times.end(words[firstWord + EW_REQUEST] as number, this.readNs);
    this.histogram.recordNs(latency);
  }

  private async until(holds: () => boolean): Promise<void> {
    const latest = nowNs() + SILENCE_MS * 1e6;
    while (!holds()) {
      if (nowNs() > latest) throw new Error('the shard did not answer in time');
      await this.turn();
    }
  }

  /** Lets the event loop deliver what the shard has sent; the first answer then reads the clock. */
  private turn(): Promise<void> {
    this.answersToReading = 0;
    return new Promise(setImmediate);
  }
}
