import { assert } from '../../engine/assert.js';
import {
  CASH_KEY_WORDS,
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_FEE,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PAYMENT,
  EF_REALIZED,
  EF_SEQUENCE,
  EF_TRADE_SEQUENCE,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CASH_KEY,
  EW_CLIENT_TEXT,
  EW_CODE,
  EW_FLAGS,
  EW_OTHER_ACCOUNT,
  EW_PRICE,
  marketOf,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  BALANCE_TRANSFER,
  EVT_ACCOUNT_CREATED,
  EVT_BALANCE,
  EVT_EPOCH,
  EVT_FILL,
  EVT_FRAME,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_INSURANCE_FUNDED,
  EVT_MARK_PRICE,
  EVT_MARKET_LISTED,
  EVT_TRANSFER,
  FLAG_LIQUIDATION,
  FLAG_MAKER,
  FLAG_SIDE,
  reasonOf,
} from '../../engine/messages/types.js';
import { emptyMarketItem, emptySide } from '../packs/market-items.js';
import type { ItemSide, MarketItem, MarketListed } from '../packs/pack-types.js';
import { EntryValues } from './entry-values.js';
import type { Contract, ItemSink } from './item-sink.js';
import { TransferFold } from './transfer-fold.js';

export interface FoldOptions {
  shardId: number;
  /** Of a market that the shard hosts; null: it does not, or not yet. Once hosted a market stays. */
  contractOf: (marketId: number) => Contract | null;
  /** Reads the parameter block of EVT_MARKET_LISTED (engine/market/market-params.ts). */
  readListing: (words: Int32Array, floats: Float64Array, at: number) => Listing;
  sink: ItemSink;
}

/** What of a market's parameters settlement needs. */
export type Listing = Contract &
  Omit<MarketListed, 'kind' | 'marketId' | 'microUsdNumerator' | 'microUsdDenominator'>;

interface HostedMarket {
  entries: EntryValues;
  transfers: TransferFold;
}

/**
 * Folds a shard's events into items of settlement. What a market has booked, fills and transfers of all accounts wherever their home is, counts
 * where the market is hosted; what an account is paid or pays otherwise, where its home is, which alone numbers the event. So with
 * several shards everything counts exactly once.
 */
export class ItemFold {
  private readonly options: FoldOptions;
  private readonly hosted: HostedMarket[] = [];
  private readonly byId: (HostedMarket | undefined)[] = [];
  private words: Int32Array = new Int32Array(0);
  private floats: Float64Array = new Float64Array(0);
  /** First word of the present event. */
  private at = 0;
  private timeMs = 0;
  /**
   * The present fill. All fills are told in the same object: making one for each, of three objects and the numbers in them, took a third of
   * the outbox's time, because fresh memory is never in the processor's caches.
   */
  private readonly filled: MarketItem = emptyMarketItem();
  /** A maker's event came, whose taker's is next. */
  private hasMaker = false;

  constructor(options: FoldOptions) {
    this.options = options;
  }

  /** The entry value of a position that is open before the first event. */
  seed(marketId: number, accountId: number, entryTickLots: number): void {
    const market = this.market(marketId);
    assert(market !== null, `market ${marketId} must be hosted by the shard`);
    market.entries.change(accountId, entryTickLots);
  }

  /** All events of one frame, as the shard left them. */
  apply(events: MessageBuffer, timeMs: number): void {
    const { words, length } = events;
    this.words = words;
    this.floats = events.floats;
    this.timeMs = timeMs;
    for (let slot = 0; slot < length; ) {
      this.at = slot * SLOT_WORDS;
      const head = words[this.at] as number;
      this.event(typeOf(head), marketOf(head));
      slot += slotsOf(head);
    }
    assert(!this.hasMaker, 'a fill must have a maker and a taker');
    for (const { transfers } of this.hosted) {
      assert(transfers.isEmpty, 'a transfer must have two sides');
    }
  }

  private event(type: number, marketId: number): void {
    switch (type) {
      case EVT_FILL:
        this.fill(marketId);
        break;
      case EVT_TRANSFER:
        this.transfer(marketId);
        break;
      case EVT_FUNDING:
        this.payment('funding', marketId);
        break;
      case EVT_INSURANCE:
        this.payment('insurance', marketId);
        break;
      case EVT_BALANCE:
        this.balance();
        break;
      case EVT_INSURANCE_FUNDED:
        this.insuranceFunded(marketId);
        break;
      case EVT_ACCOUNT_CREATED:
        this.accountCreated();
        break;
      case EVT_MARKET_LISTED:
        this.listed(marketId);
        break;
      case EVT_MARK_PRICE:
        this.price(marketId);
        break;
      case EVT_FRAME:
        this.options.sink.epoch(this.floats[this.at / 2 + 3] as number);
        break;
      case EVT_EPOCH:
        this.options.sink.epoch(this.float(EF_LOTS));
        break;
    }
  }

  /** Maker's and taker's events follow each other. */
  private fill(marketId: number): void {
    const market = this.market(marketId);
    if (market === null) return;
    const flags = this.word(EW_FLAGS);
    const isMaker = (flags & FLAG_MAKER) !== 0;
    const tradeSequence = this.float(EF_TRADE_SEQUENCE);
    const { filled } = this;
    const isNext = isMaker
      ? !this.hasMaker
      : this.hasMaker && filled.tradeSequence === tradeSequence;
    assert(isNext, 'the events of a fill must follow each other');
    this.hasMaker = isMaker;
    const side = isMaker ? filled.maker : filled.taker;
    this.writeSide(side, market, flags & FLAG_SIDE, this.float(EF_FEE));
    filled.tradeSequence = tradeSequence;
    if (isMaker) return;
    filled.timeMs = this.timeMs;
    filled.priceTicks = this.word(EW_PRICE);
    filled.qtyLots = this.float(EF_LOTS);
    filled.takerSide = (flags & FLAG_SIDE) as 0 | 1;
    filled.isLiquidation = (flags & FLAG_LIQUIDATION) !== 0;
    this.options.sink.marketItem(marketId, this.float(EF_SEQUENCE), filled);
  }

  private transfer(marketId: number): void {
    const market = this.market(marketId);
    if (market === null) return;
    const flags = this.word(EW_FLAGS);
    const changed = emptySide();
    this.writeSide(changed, market, 0, 0);
    const { accountId, deltaEntryTickLots, realizedMicroUsd } = changed;
    market.transfers.add({
      reason: reasonOf(flags),
      side: (flags & FLAG_SIDE) as 0 | 1,
      timeMs: this.timeMs,
      sequence: this.float(EF_SEQUENCE),
      priceTicks: this.word(EW_PRICE),
      qtyLots: this.float(EF_LOTS),
      accountId,
      deltaEntryTickLots,
      realizedMicroUsd,
    });
  }

  private writeSide(to: ItemSide, market: HostedMarket, side: number, fee: number): void {
    const lots = this.float(EF_LOTS);
    to.accountId = this.word(W_ACCOUNT);
    to.deltaLots = side === 0 ? lots : -lots;
    to.deltaEntryTickLots = market.entries.change(to.accountId, this.float(EF_ENTRY_VALUE));
    to.realizedMicroUsd = positiveZero(this.float(EF_REALIZED));
    to.feeMicroUsd = positiveZero(fee);
  }

  private payment(kind: 'funding' | 'insurance', marketId: number): void {
    if (!this.isAtHome) return;
    this.options.sink.accountItem({
      kind,
      timeMs: this.timeMs,
      sequence: this.float(EF_SEQUENCE),
      accountId: this.word(W_ACCOUNT),
      marketId,
      paymentMicroUsd: positiveZero(this.float(EF_PAYMENT)),
    });
  }

  /** The answer to a command that came a second time has no number, and changes nothing. */
  private balance(): void {
    if (!this.isAtHome) return;
    if (this.word(EW_FLAGS) === BALANCE_TRANSFER) {
      this.transferred();
      return;
    }
    this.options.sink.accountItem({
      kind: 'balance',
      timeMs: this.timeMs,
      sequence: this.float(EF_SEQUENCE),
      accountId: this.word(W_ACCOUNT),
      changeMicroUsd: this.float(EF_LOTS),
      collateralMicroUsd: positiveZero(this.float(EF_COLLATERAL)),
      cashKey: this.cashKey(),
    });
  }

  /** Two events are one item, told at the first: who gives. */
  private transferred(): void {
    const changeMicroUsd = this.float(EF_LOTS);
    if (changeMicroUsd > 0) return;
    this.options.sink.accountItem({
      kind: 'transfer',
      timeMs: this.timeMs,
      sequence: this.float(EF_SEQUENCE),
      accountId: this.word(W_ACCOUNT),
      toAccountId: this.word(EW_OTHER_ACCOUNT),
      amountMicroUsd: -changeMicroUsd,
    });
  }

  private insuranceFunded(marketId: number): void {
    const changeMicroUsd = this.float(EF_LOTS);
    if (changeMicroUsd === 0) return;
    const sequence = this.float(EF_SEQUENCE);
    const change = { changeMicroUsd, cashKey: this.cashKey() };
    const origin = { timeMs: this.timeMs, sequence, marketId };
    this.options.sink.accountItem({ kind: 'insuranceFunded', ...origin, ...change });
  }

  private cashKey(): string | null {
    const from = this.at + EW_CASH_KEY;
    const words = this.words.slice(from, from + CASH_KEY_WORDS);
    if (words.every((word) => word === 0)) return null;
    return Buffer.from(words.buffer).toString('hex');
  }

  /** Where accounts are spread, who gives out ids tells every account, and its home once more. */
  private accountCreated(): void {
    if (this.word(EW_CODE) !== this.options.shardId) return;
    const key = this.words.slice(this.at + EW_CLIENT_TEXT, this.at + EW_CLIENT_TEXT + 8);
    this.options.sink.accountItem({
      kind: 'accountCreated',
      timeMs: this.timeMs,
      sequence: this.float(EF_SEQUENCE),
      accountId: this.word(W_ACCOUNT),
      parentId: this.float(EF_ORDER_ID),
      publicKey: key.some((word) => word !== 0) ? new Uint8Array(key.buffer) : null,
    });
  }

  private listed(marketId: number): void {
    const at = this.at + EVENT_SLOTS * SLOT_WORDS;
    const params = this.options.readListing(this.words, this.floats, at);
    this.options.sink.accountItem({
      kind: 'marketListed',
      timeMs: this.timeMs,
      sequence: this.float(EF_SEQUENCE),
      marketId,
      symbol: params.symbol,
      tickMantissa: params.tickMantissa,
      tickDecimals: params.tickDecimals,
      lotMantissa: params.lotMantissa,
      lotDecimals: params.lotDecimals,
      microUsdNumerator: params.microUsdPerTickLotNumerator,
      microUsdDenominator: params.microUsdPerTickLotDenominator,
      priceTicksMax: params.priceTicksMax,
      priceBandPpm: params.priceBandPpm,
      initialMarginPpm: params.initialMarginPpm,
      maintenanceMarginPpm: params.maintenanceMarginPpm,
    });
  }

  private price(marketId: number): void {
    if (this.market(marketId) === null) return;
    this.options.sink.price({
      marketId,
      sequence: this.float(EF_SEQUENCE),
      timeMs: this.timeMs,
      indexTicks: this.float(EF_LOTS),
      markTicks: this.word(EW_PRICE),
      publishTimeMs: this.float(EF_VALUE),
    });
  }

  /** The account's home numbers what is its own. */
  private get isAtHome(): boolean {
    return this.float(EF_ACCOUNT_SEQUENCE) > 0;
  }

  private market(marketId: number): HostedMarket | null {
    const known = this.byId[marketId];
    if (known !== undefined) return known;
    const contract = this.options.contractOf(marketId);
    if (contract === null) return null;
    const { sink } = this.options;
    const transfers = new TransferFold(contract, (sequence, item) => {
      sink.marketItem(marketId, sequence, item);
    });
    const market = { entries: new EntryValues(), transfers };
    this.hosted.push(market);
    this.byId[marketId] = market;
    return market;
  }

  private word(offset: number): number {
    return this.words[this.at + offset] as number;
  }
  private float(offset: number): number {
    return this.floats[this.at / 2 + offset] as number;
  }
}

/** −0 has no bytes of its own in a pack. */
function positiveZero(value: number): number {
  return value + 0;
}
