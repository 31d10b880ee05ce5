import { R_ENTRY_VALUE, R_POSITION } from '../../kernel/layout.js';
import {
  ADL_CANDIDATES_MAX,
  ADL_F_FIRST,
  ADL_W_COUNT,
  EF_LOTS,
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_FLAGS,
  F_ORDER_ID,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_HEAD,
} from '../../messages/layout.js';
import type { MessageBuffer } from '../../messages/message-buffer.js';
import { EVT_DELEVERAGING, SIDE_BUY, SIDE_SELL } from '../../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../state/canonical-writer.js';
import { asPriceTicks, asQtyLots } from '../../units/units.js';
import type { MarketActor } from '../market-actor.js';
import { type Backing, NO_BACKING } from './bankruptcy.js';
import type {
  DeleveragingCandidate,
  DeleveragingRules,
  DeleveragingStep,
} from './liquidation-rules.js';

interface Waiting {
  account: number;
  /** Null: withdrawn. */
  backing: Backing | null;
  homesLeft: number;
  candidates: { account: number; equityMicroUsd: number }[];
}

/** Who deleverages a position, found together with the homes of all accounts. */
export interface FoundSteps {
  account: number;
  backing: Backing;
  /** Of the bankrupt account. */
  side: number;
  steps: readonly DeleveragingStep[];
}

/**
 * The last rung: the rest of a bankrupt position goes to those on the other side who have won most with least of their own money. What
 * they have lies here, what stands behind it at the homes of their accounts: so each home is asked for its best eight, and when all
 * have answered the best eight of these are taken, as far as they are needed. In one shard that is all one message.
 */
export class Deleveraging {
  private readonly waiting = new Map<number, Waiting>();
  private readonly market: MarketActor;
  private readonly rules: DeleveragingRules;

  constructor(market: MarketActor, rules: DeleveragingRules) {
    this.market = market;
    this.rules = rules;
  }

  /**
   * Asks all homes. When they are asked for this account already, the answers to that question count, and what is behind the position is
   * what was said last.
   */
  begin(account: number, backing: Backing): void {
    const { market } = this;
    const position = market.positions.positionOf(account);
    if (position === 0) return;
    const asked = this.waiting.get(account);
    if (asked !== undefined) {
      asked.backing = backing;
      return;
    }
    const homesLeft = market.homes;
    this.waiting.set(account, { account, backing, homesLeft, candidates: [] });
    const { events } = market;
    const event = events.push(EVENT_SLOTS);
    const w = event * SLOT_WORDS;
    events.words[w + W_HEAD] = headOf(EVT_DELEVERAGING, EVENT_SLOTS, market.marketId);
    events.words[w + EW_FLAGS] = position > 0 ? SIDE_SELL : SIDE_BUY;
    events.floats[event * SLOT_FLOATS + EF_ORDER_ID] = account;
    events.floats[event * SLOT_FLOATS + EF_LOTS] = Math.abs(position);
  }

  /**
   * Nobody gives lots away for an account that is not bankrupt any more. The homes that have not answered are waited for all the same, or
   * their late answers would count as answers to the next question.
   */
  withdraw(account: number): void {
    const asked = this.waiting.get(account);
    if (asked !== undefined) asked.backing = null;
  }

  /** MSG_ADL_CANDIDATES. Not null: all homes have answered, and it was not withdrawn. */
  answer(inbox: MessageBuffer, slot: number): FoundSteps | null {
    const f = slot * SLOT_FLOATS;
    const entry = this.waiting.get(inbox.floats[f + F_ORDER_ID] as number);
    if (entry === undefined) return null;
    const count = inbox.words[slot * SLOT_WORDS + ADL_W_COUNT] as number;
    for (let i = 0; i < count; i++) {
      const at = f + ADL_F_FIRST + 2 * i;
      const account = inbox.floats[at] as number;
      entry.candidates.push({ account, equityMicroUsd: inbox.floats[at + 1] as number });
    }
    entry.homesLeft--;
    if (entry.homesLeft > 0) return null;
    this.waiting.delete(entry.account);
    return this.find(entry);
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.waiting.size);
    for (const { account, backing, homesLeft, candidates } of this.waiting.values()) {
      const { markTicks, equityMicroUsd, positionLots } = backing ?? NO_BACKING;
      const head = [account, markTicks, equityMicroUsd, positionLots, homesLeft];
      for (const value of head) writer.put(value);
      writer.put(candidates.length);
      for (const candidate of candidates) {
        writer.put(candidate.account);
        writer.put(candidate.equityMicroUsd);
      }
    }
  }

  readState(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const account = reader.take();
      const markTicks = asPriceTicks(reader.take());
      const equityMicroUsd = reader.take();
      const positionLots = reader.take();
      const backing = positionLots === 0 ? null : { markTicks, equityMicroUsd, positionLots };
      const entry: Waiting = { account, backing, homesLeft: reader.take(), candidates: [] };
      for (let more = reader.take(); more > 0; more--) {
        const candidate = reader.take();
        entry.candidates.push({ account: candidate, equityMicroUsd: reader.take() });
      }
      this.waiting.set(account, entry);
    }
  }

  /** Positions are those of now: they may have changed while the homes were asked. */
  private find({ account, backing, candidates }: Waiting): FoundSteps | null {
    const { positions, params, markTicks } = this.market;
    const position = positions.positionOf(account);
    if (backing === null || position === 0) return null;
    const opposite: DeleveragingCandidate[] = [];
    for (const { account: other, equityMicroUsd } of candidates) {
      const positionLots = positions.rows.get(other, R_POSITION);
      if (positionLots === 0 || positionLots > 0 === position > 0) continue;
      const entryValueTickLots = positions.rows.get(other, R_ENTRY_VALUE);
      opposite.push({ account: other, positionLots, entryValueTickLots, equityMicroUsd });
    }
    const remainder = asQtyLots(Math.abs(position));
    const plan = this.rules.plan(opposite, remainder, markTicks, params);
    const side = position > 0 ? SIDE_SELL : SIDE_BUY;
    return { account, backing, side, steps: plan.slice(0, ADL_CANDIDATES_MAX) };
  }
}
