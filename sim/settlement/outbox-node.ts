import { createShardCore } from '../../main/compose.js';
import { ShardOutbox } from '../../main/outbox/shard-outbox.js';
import { BusError } from '../../settlement/bus/errors.js';
import { BusAheadError, BusLostItemsError } from '../../settlement/outbox/outbox-errors.js';
import type { BusClient } from './bus-client.js';

export interface OutboxNodeOptions {
  readonly dataDir: string;
  readonly client: BusClient;
  readonly packItemsMax: number;
}

/** What opening it again can help. */
const PASSING = [BusError, BusAheadError, BusLostItemsError];

/** The outbox of the shard, as its thread runs it: opened again after everything that it throws and that opening again can help. */
export class OutboxNode {
  readonly counts = { outboxOpened: 0, outboxFailed: 0, outboxToldAgain: 0 };
  private readonly options: OutboxNodeOptions;
  private outbox: ShardOutbox | null = null;
  private mistake: Error | null = null;
  /** Of the life that is running; what an earlier one still does counts no more. */
  private life = 0;
  private isBusy = false;

  constructor(options: OutboxNodeOptions) {
    this.options = options;
  }

  /** Everything up to there is on the bus. */
  isAt(sequence: number): boolean {
    return this.outbox !== null && this.outbox.sequence === sequence && this.outbox.isPublished;
  }

  /** Opens it, or takes a step, unless that is under way. Throws what opening again cannot help. */
  step(limit: number, nowMs: number): void {
    if (this.mistake !== null) throw this.mistake;
    if (this.isBusy) return;
    this.isBusy = true;
    const { life } = this;
    const work = this.outbox === null ? this.open(limit, life) : this.outbox.step(limit, nowMs);
    Promise.resolve(work)
      .catch((error: Error) => {
        if (life === this.life) this.fail(error);
      })
      .finally(() => {
        if (life === this.life) this.isBusy = false;
      });
  }

  die(): void {
    this.life++;
    this.isBusy = false;
    this.outbox?.close();
    this.outbox = null;
  }

  private async open(limit: number, life: number): Promise<void> {
    const { dataDir, client, packItemsMax } = this.options;
    const outbox = await ShardOutbox.open({
      dataDir,
      shardId: 0,
      createShard: () => createShardCore(),
      bus: client,
      limit,
      packItemsMax,
      itemsMax: 400,
      onNotice: () => this.counts.outboxToldAgain++,
    });
    if (life !== this.life) return outbox.close();
    this.outbox = outbox;
    this.counts.outboxOpened++;
  }

  private fail(error: Error): void {
    this.counts.outboxFailed++;
    this.outbox?.close();
    this.outbox = null;
    if (!PASSING.some((kind) => error instanceof kind)) this.mistake = error;
  }
}
