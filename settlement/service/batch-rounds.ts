import type { BuildResult } from '../ledger/batch-builder.js';
import { LedgerStateError } from '../ledger/errors.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { WindowLimits } from '../ledger/netting-window.js';
import type { BatchOnItsWay, ChainDoor, ChainOutcome } from './chain-door.js';

export interface BatchRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly limits: WindowLimits;
  /** A window is closed when its oldest item has waited so long, or when it is full. */
  readonly windowMs: number;
  readonly now: () => number;
}

const REFUSED_ALARM = 'batch refused';
const UNBUILT_ALARM = 'batch not built';
const STATUS_ALARM = 'status on chain';
/** A fork may take back what was confirmed while there is nothing to send; and whoever pauses or halts the exchange does not say so here. */
const LOOK_AGAIN_MS = 5_000;
/** Streams of the bus do not arrive alike: what is younger waits for what is older in another one. Payments wait for certain, see PaymentGate. */
const PATIENCE_MS = 100;

/** The chain did not take a batch: the round is made again. */
export class BatchNotSettledError extends Error {
  override readonly name = 'BatchNotSettledError';
}

/** Closes windows, and settles the batches on chain one after the other. */
export class BatchRounds {
  private readonly options: BatchRoundsOptions;
  private isReconciled = false;
  private wasEqual = false;
  private lookedMs = 0;

  constructor(options: BatchRoundsOptions) {
    this.options = options;
  }

  /** Ledger and chain have agreed since the start, and nothing says that they do not now. */
  get isInLine(): boolean {
    return this.wasEqual && !this.options.ledger.alarms.halted();
  }

  /** True: there is more to do at once. */
  async round(): Promise<boolean> {
    const { ledger, now } = this.options;
    const isOld = Math.abs(now() - this.lookedMs) >= LOOK_AGAIN_MS;
    if (isOld || !this.isReconciled) await this.reconcile();
    if (ledger.alarms.halted()) return false;
    const [next] = ledger.batches.unsettled(1);
    if (next === undefined) return this.closeWindow();
    // The round of accounts makes the rows; a batch only waits for them.
    if (ledger.catalogue.missingAccountsOf(next.sequence, 1).length > 0) return false;
    await this.settle(next);
    return true;
  }

  private closeWindow(): boolean {
    const { ledger, limits, windowMs, now } = this.options;
    const { items, sinceMs } = ledger.waiting();
    if (sinceMs === null) return false;
    if (items < limits.itemsMax && now() - sinceMs < windowMs) return false;
    const ingestedUntilMs = now() - PATIENCE_MS;
    const window = { ...limits, ingestedUntilMs, paymentsWait: true };
    const { batch, itemsTaken } = this.built(window);
    return batch !== null || itemsTaken > 0;
  }

  /** What cannot be built stands in the way of everything behind it. */
  private built(window: WindowLimits): BuildResult {
    const { ledger } = this.options;
    try {
      const result = ledger.buildBatch(window);
      ledger.alarms.clear(UNBUILT_ALARM);
      return result;
    } catch (error) {
      if (error instanceof LedgerStateError) {
        ledger.alarms.raise(UNBUILT_ALARM, 'critical', `no batch can be made: ${error.message}`);
      }
      throw error;
    }
  }

  private async settle(batch: BatchOnItsWay): Promise<void> {
    const { ledger, chain } = this.options;
    ledger.batches.markSubmitted(batch.sequence);
    // Whatever comes of it, what has landed is asked of the chain.
    this.isReconciled = false;
    const outcome = await chain.settle(batch);
    await this.reconcile();
    if (ledger.batches.lastSettledSequence() >= batch.sequence) {
      ledger.alarms.clear(REFUSED_ALARM);
      return;
    }
    if (outcome.kind === 'refused') {
      const sentence = `batch ${batch.sequence} is refused: ${outcome.sentence}`;
      ledger.alarms.raise(REFUSED_ALARM, 'critical', sentence);
    }
    throw new BatchNotSettledError(`batch ${batch.sequence}: ${describe(outcome)}`);
  }

  private async reconcile(): Promise<void> {
    const { ledger, chain, now } = this.options;
    const { lastSequence, lastHash, status } = await chain.exchange();
    const answer = ledger.reconcile({ lastSequence, lastHash });
    if (status === 'active' || status === 'paused') ledger.alarms.clear(STATUS_ALARM);
    else {
      const sentence = `the exchange on chain is ${status}: see programs/README.md for what that means`;
      ledger.alarms.raise(STATUS_ALARM, 'halt', sentence);
    }
    this.isReconciled = answer.kind !== 'halt';
    if (this.isReconciled) this.wasEqual = true;
    this.lookedMs = now();
  }
}

export function describe(outcome: ChainOutcome): string {
  return outcome.kind === 'done' ? 'done' : outcome.sentence;
}
