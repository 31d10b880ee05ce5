import { FastBook } from '../../engine/book/fast-book.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import { W_ACCOUNT, W_HEAD } from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { CMD_AMEND, CMD_CANCEL, CMD_PLACE } from '../../engine/messages/types.js';
import type { MarketSummary } from '../margin/market-summaries.js';
import type { MarginState } from '../margin/trade-commands.js';
import { LaneMarket } from './lane-market.js';

/**
 * A short way for what makes nearly all of the traffic: a limit order that comes to rest, a move to another price, a
 * cancel, none of them special in any way, in a market of the same shard. Margin actor, market actor and book do the
 * same in four messages and some thirty calls; here it is one function for each kind, on the same data.
 *
 * The lane either does the whole command, with the very bytes of event and state that the long way would give, or it
 * changes nothing and says no. It never rejects: whatever is not plain goes the long way, and is judged there. The
 * simulator holds it to that: a twin over the naive book has no lane, and every event and hash must be equal.
 */
export class PlainLane {
  private readonly markets: (LaneMarket | undefined)[] = [];
  private readonly state: MarginState;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, events: MessageBuffer) {
    this.state = state;
    this.events = events;
  }

  /** A market of this shard; only over the fast book is there a lane. */
  open(summary: MarketSummary, market: MarketActor): void {
    if (!(market.book instanceof FastBook)) return;
    this.markets[market.marketId] = new LaneMarket(
      this.state,
      summary,
      market,
      market.book.store,
      this.events,
    );
  }

  /** True when the command is done. */
  apply(message: MessageBuffer, slot: number, sequence: number): boolean {
    const words = message.words;
    const w = slot << 4;
    const head = words[w | W_HEAD] as number;
    const market = this.markets[head >>> 16];
    if (market === undefined || ((head >>> 8) & 0xff) !== 1) return false;
    // Words 12 and 13: a receive window, which has to be held against the clock.
    if (((words[w | 12] as number) | (words[w | 13] as number)) !== 0) return false;
    if (!this.state.accounts.exists(words[w | W_ACCOUNT] as number)) return false;
    const type = head & 0xff;
    if (type === CMD_AMEND) return market.move(message, slot, sequence);
    if (type === CMD_PLACE) return market.place(message, slot, sequence);
    if (type === CMD_CANCEL) return market.cancel(message, slot, sequence);
    return false;
  }
}
