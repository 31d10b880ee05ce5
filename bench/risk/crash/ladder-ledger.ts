import { performance } from 'node:perf_hooks';
import {
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EW_FLAGS,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import * as type from '../../../engine/messages/types.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';

export const RUNGS = ['slices', 'auction', 'fund', 'deleveraging'] as const;
export type Rung = (typeof RUNGS)[number];
const RUNG_OF: Record<number, Rung> = {
  [type.LADDER_SLICE]: 'slices',
  [type.LADDER_AUCTION]: 'auction',
  [type.LADDER_FUND]: 'fund',
  [type.LADDER_DELEVERAGE]: 'deleveraging',
};
const DEPTH: Record<Rung, number> = { slices: 1, auction: 2, fund: 3, deleveraging: 4 };

/** What the events of the ladder say: who came how far, what was closed where, who paid. Nothing is taken from the engine's state. */
export class LadderLedger {
  begun = 0;
  ended = 0;
  /** Lots by the rung that closed them. */
  readonly lots: Record<Rung, number> = { slices: 0, auction: 0, fund: 0, deleveraging: 0 };
  /** Micro-USD: into the fund, and out of it. */
  feesMicroUsd = 0n;
  shortfallMicroUsd = 0n;
  dustMicroUsd = 0n;
  debtMicroUsd = 0n;
  /** Σ of what was left of bankrupt positions when neither book nor fund took any more of it. */
  leastDeleveragedLots = 0;
  /** Wall-clock ms from an index price to the first order of a liquidation, for each price that has brought one. */
  readonly firstOrderMs: number[] = [];
  private readonly deepest = new Map<number, Rung>();
  private readonly now = new Map<number, Rung>();
  private readonly asked = new Set<number>();
  private pricedAt: number | null = null;

  /** How many accounts have come to this rung and no further. */
  accountsBy(rung: Rung): number {
    return [...this.deepest.values()].filter((deepest) => deepest === rung).length;
  }

  priced(): void {
    this.pricedAt = performance.now();
  }

  hear({ events }: ShardCore): void {
    for (let slot = 0; slot < events.length; ) {
      const w = slot * SLOT_WORDS;
      const head = events.words[w + W_HEAD] as number;
      const account = events.words[w + W_ACCOUNT] as number;
      const flags = events.words[w + EW_FLAGS] as number;
      const lots = events.floats[slot * SLOT_FLOATS + EF_LOTS] as number;
      const kind = typeOf(head);
      if (kind === type.EVT_LIQUIDATION) this.hearStage(account, flags);
      else if (kind === type.EVT_FILL) this.hearFill(account, flags, lots);
      else if (kind === type.EVT_TRANSFER) this.hearTransfer(flags, lots);
      else if (kind === type.EVT_INSURANCE) {
        this.hearPayment(flags, BigInt(events.floats[slot * SLOT_FLOATS + EF_PAYMENT] as number));
      } else if (kind === type.EVT_DELEVERAGING) {
        this.hearDeleveraging(events.floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number, lots);
      } else if (kind === type.EVT_ACCEPTED && this.now.has(account)) this.hearOrder();
      slot += slotsOf(head);
    }
  }

  private hearStage(account: number, stage: number): void {
    if (stage === type.LIQUIDATION_BEGUN) this.begun++;
    if (stage === type.LIQUIDATION_ENDED) {
      this.ended++;
      this.now.delete(account);
      this.asked.delete(account);
    }
    const rung = RUNG_OF[stage - type.LIQUIDATION_RUNG];
    if (rung === undefined) return;
    this.now.set(account, rung);
    const deepest = this.deepest.get(account);
    if (deepest === undefined || DEPTH[deepest] < DEPTH[rung]) this.deepest.set(account, rung);
  }

  private hearFill(account: number, flags: number, lots: number): void {
    const rung = this.now.get(account);
    if (rung !== undefined && (flags & type.FLAG_MAKER) === 0) this.lots[rung] += lots;
  }

  /** Two events for each: the one of who takes it over, and for deleveraging every second one, are the same lots. */
  private hearTransfer(flags: number, lots: number): void {
    const isTakeOver = type.reasonOf(flags) === type.TRANSFER_TAKE_OVER;
    if (isTakeOver && (flags & type.FLAG_TAKER) !== 0) this.lots.auction += lots;
    if (!isTakeOver) this.lots.deleveraging += lots / 2;
  }

  private hearPayment(kind: number, microUsd: bigint): void {
    if (kind === type.INSURANCE_FEE) this.feesMicroUsd += microUsd;
    else if (kind === type.INSURANCE_SHORTFALL) this.shortfallMicroUsd -= microUsd;
    else if (kind === type.INSURANCE_DUST) this.dustMicroUsd += microUsd;
    else this.debtMicroUsd -= microUsd;
  }

  private hearDeleveraging(account: number, lots: number): void {
    if (this.asked.has(account)) return;
    this.asked.add(account);
    this.leastDeleveragedLots += lots;
  }

  private hearOrder(): void {
    if (this.pricedAt === null) return;
    this.firstOrderMs.push(performance.now() - this.pricedAt);
    this.pricedAt = null;
  }
}
