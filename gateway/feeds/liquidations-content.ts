import { AUCTION_MS, DISCOUNT_MAX_PPM } from '../../engine/market/liquidation/liquidation-rules.js';
import {
  EF_EXPIRY,
  EF_FUND,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EF_VALUE,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  AUCTION_ENDED,
  AUCTION_TAKEN,
  EVT_AUCTION,
  EVT_FILL,
  EVT_FUNDING_RATE,
  EVT_INSURANCE,
  EVT_INSURANCE_FUNDED,
  EVT_TRANSFER,
  FLAG_SIDE,
  reasonOf,
  TRANSFER_DELEVERAGING,
} from '../../engine/messages/types.js';
import { formatScaled } from '../codec/decimal-text.js';
import type { MessageSink } from '../codec/message-sink.js';
import { type Market, type MarketAuction, priceText, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { AUCTION_EVENTS, SIDES } from '../protocol/names.js';
import type { ChannelContent } from './channel.js';

/** Lots that one message has deleveraged. */
interface Deleveraging {
  sequence: number;
  side: number;
  lots: number;
  priceTicks: number;
}

/** What happened in a tick. */
interface Changes {
  auctions: object[];
  fills: object[];
  deleveragings: Deleveraging[];
}

/** What lasts from tick to tick. */
interface Standing {
  auctions: object[];
  insuranceFund: string;
  timeMs: number;
}

/**
 * Liquidations of a market as everybody may see them: auctions, fills of liquidation orders, deleveragings, the insurance fund. It names
 * no account. The open auctions and the fund are the market's (markets.ts), and are kept up to date here.
 */
export class LiquidationsContent implements ChannelContent {
  private readonly market: Market;
  private sequence = 0;
  private timeMs = 0;
  private changed = false;
  private changes: Changes = { auctions: [], fills: [], deleveragings: [] };
  /** What stood at the end of the last frame, and so a snapshot shows. */
  private shown: Standing;

  constructor(market: Market) {
    this.market = market;
    this.shown = this.standing();
  }

  /** An event of the market; of types that concern no liquidation it takes nothing. */
  apply(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const f = at / 2;
    this.sequence = floats[f + EF_SEQUENCE] as number;
    this.timeMs = timeMs;
    switch (typeOf(words[at + W_HEAD] as number)) {
      case EVT_AUCTION:
        this.auction(words, floats, at);
        break;
      case EVT_FILL:
        this.fill(words, floats, at);
        break;
      case EVT_TRANSFER:
        if (reasonOf(words[at + EW_FLAGS] as number) !== TRANSFER_DELEVERAGING) return;
        this.deleveraged(words, floats, at);
        break;
      case EVT_INSURANCE:
      case EVT_INSURANCE_FUNDED:
        this.fund(floats[f + EF_LIMIT] as number);
        break;
      case EVT_FUNDING_RATE:
        this.fund(floats[f + EF_FUND] as number);
        break;
    }
  }

  /** Where its last change stands. */
  memory(): { sequence: number; timeMs: number } {
    return { sequence: this.sequence, timeMs: this.timeMs };
  }

  restore({ sequence, timeMs }: { sequence: number; timeMs: number }): void {
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.shown = this.standing();
  }

  take() {
    if (!this.changed) return null;
    this.changed = false;
    this.shown = this.standing();
    const { market, changes, shown } = this;
    this.changes = { auctions: [], fills: [], deleveragings: [] };
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.liquidations);
        sink.market('market', market.params.symbol, market.id);
        sink.uint('epoch', epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        sink.value('auctions', changes.auctions);
        sink.value('fills', changes.fills);
        sink.value('deleveragings', deleveragingObjects(market, changes.deleveragings));
        sink.text('insuranceFund', shown.insuranceFund);
        sink.uint('time', shown.timeMs);
      };
    };
    return { sequence: this.sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const { market, shown } = this;
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.liquidationsSnapshot);
      sink.market('market', market.params.symbol, market.id);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      sink.value('auctions', shown.auctions);
      sink.text('insuranceFund', shown.insuranceFund);
      sink.uint('time', shown.timeMs);
    };
  };

  private auction(words: Int32Array, floats: Float64Array, at: number): void {
    const f = at / 2;
    const { market } = this;
    const auction: MarketAuction = {
      auctionId: floats[f + EF_ORDER_ID] as number,
      side: (words[at + EW_FLAGS] as number) & FLAG_SIDE,
      lots: floats[f + EF_LOTS] as number,
      endMs: floats[f + EF_EXPIRY] as number,
      bankruptcyTicks: floats[f + EF_VALUE] as number,
    };
    const stage = words[at + EW_CODE] as number;
    const before = market.auctions.get(auction.auctionId)?.lots ?? 0;
    if (stage === AUCTION_ENDED || auction.lots === 0) market.auctions.delete(auction.auctionId);
    else market.auctions.set(auction.auctionId, auction);
    const row: Record<string, unknown> = {
      event: AUCTION_EVENTS[stage],
      ...auctionObject(market, auction),
    };
    if (stage === AUCTION_TAKEN) {
      row.takenQty = qtyText(market, before - auction.lots);
      row.price = priceText(market, words[at + EW_PRICE] as number);
    }
    this.changes.auctions.push(row);
    this.changed = true;
  }

  /** The taker's fill of an order that liquidates. */
  private fill(words: Int32Array, floats: Float64Array, at: number): void {
    const { market } = this;
    const f = at / 2;
    this.changes.fills.push({
      tradeId: floats[f + EF_TRADE_SEQUENCE],
      side: SIDES[(words[at + EW_FLAGS] as number) & FLAG_SIDE],
      price: priceText(market, words[at + EW_PRICE] as number),
      qty: qtyText(market, floats[f + EF_LOTS] as number),
    });
    this.changed = true;
  }

  /** Each lot has two events, the bankrupt account's first; one message deleverages one account, so its side tells them apart. */
  private deleveraged(words: Int32Array, floats: Float64Array, at: number): void {
    const side = (words[at + EW_FLAGS] as number) & FLAG_SIDE;
    const lots = floats[at / 2 + EF_LOTS] as number;
    const { sequence } = this;
    const { deleveragings } = this.changes;
    const last = deleveragings.at(-1);
    if (last?.sequence !== sequence) {
      const priceTicks = words[at + EW_PRICE] as number;
      deleveragings.push({ sequence, side, lots, priceTicks });
    } else if (last.side === side) last.lots += lots;
    this.changed = true;
  }

  private fund(microUsd: number): void {
    if (microUsd === this.market.insuranceMicroUsd) return;
    this.market.insuranceMicroUsd = microUsd;
    this.changed = true;
  }

  private standing(): Standing {
    const { market, timeMs } = this;
    const auctions = [...market.auctions.values()].map((auction) => auctionObject(market, auction));
    return { auctions, insuranceFund: formatScaled(market.insuranceMicroUsd, 1, 6), timeMs };
  }
}

/** With everything from which its price follows at any time. */
function auctionObject(market: Market, auction: MarketAuction): object {
  return {
    auctionId: auction.auctionId,
    side: SIDES[auction.side],
    qty: qtyText(market, auction.lots),
    startTime: auction.endMs - AUCTION_MS,
    endTime: auction.endMs,
    maxDiscount: formatScaled(DISCOUNT_MAX_PPM, 1, 6),
    bankruptcyPrice: priceText(market, auction.bankruptcyTicks),
  };
}

function deleveragingObjects(market: Market, list: readonly Deleveraging[]): object[] {
  return list.map(({ side, lots, priceTicks }) => ({
    side: SIDES[side],
    qty: qtyText(market, lots),
    price: priceText(market, priceTicks),
  }));
}
