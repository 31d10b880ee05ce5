import { cashKeyText } from '../../packs/cash-key.js';
import { encodePack } from '../../packs/pack-codec.js';
import type { AccountItem, AccountPack, MarketPack } from '../../packs/pack-types.js';
import { subjectOf } from '../../packs/subjects.js';
import type { SettlementLedger } from '../ledger.js';

/** Puts account items of shards on the bus, one pack each, with sequences and times as given. */
export class Exchange {
  readonly ledger: SettlementLedger;
  private readonly items = new Map<number, number>();
  private readonly fills = new Map<number, number>();
  private readonly underWay: (AccountPack | MarketPack)[] = [];
  private isHeldBack = false;

  constructor(ledger: SettlementLedger) {
    this.ledger = ledger;
    for (const marketId of [1, 2]) {
      this.say(HOSTS[marketId] as number, 1, 10, { ...LISTING, marketId });
      ledger.catalogue.setMarketSlot(marketId, marketId);
    }
  }

  say(shardId: number, sequence: number, timeMs: number, item: object): void {
    const number = (this.items.get(shardId) ?? 0) + 1;
    this.items.set(shardId, number);
    const items = [{ ...item, sequence, timeMs } as AccountItem];
    this.send({
      ...range(number, number),
      ...at(shardId, sequence, timeMs),
      kind: 'account',
      items,
    });
  }

  balance(
    shardId: number,
    sequence: number,
    timeMs: number,
    changeMicroUsd: number,
    key = '',
  ): void {
    this.say(shardId, sequence, timeMs, {
      cashKey: key === '' ? null : cashKeyText(key),
      kind: 'balance',
      accountId: 1,
      changeMicroUsd,
      collateralMicroUsd: 0,
    });
  }

  fill(marketId: number, sequence: number, timeMs: number): void {
    const shardId = HOSTS[marketId] as number;
    const number = (this.fills.get(marketId) ?? 0) + 1;
    this.fills.set(marketId, number);
    const side = (accountId: number, deltaLots: number) => ({
      accountId,
      deltaLots,
      deltaEntryTickLots: deltaLots * 100,
      realizedMicroUsd: 0,
      feeMicroUsd: 1,
    });
    this.send({
      ...range(number, number),
      ...at(shardId, sequence, timeMs),
      kind: 'market',
      marketId,
      items: [
        {
          kind: 'fill',
          tradeSequence: number,
          timeMs,
          priceTicks: 100,
          qtyLots: 2,
          takerSide: 0,
          isLiquidation: false,
          maker: side(1, -2),
          taker: side(2, 2),
        },
      ],
    });
  }

  watermark(shardId: number, sequence: number, timeMs: number): void {
    const last = this.items.get(shardId) ?? 0;
    const pack = { ...range(last + 1, last), ...at(shardId, sequence, timeMs) };
    const marketEnds = [...this.fills]
      .filter(([marketId]) => HOSTS[marketId] === shardId)
      .map(([marketId, lastItem]) => ({ marketId, lastItem }))
      .sort((one, other) => one.marketId - other.marketId);
    this.send({ ...pack, kind: 'account', items: [], marketEnds });
  }

  /** What is said meanwhile is on the bus, but does not come before `letCome`. */
  holdBack(say: () => void): void {
    this.isHeldBack = true;
    say();
    this.isHeldBack = false;
  }

  letCome(): void {
    for (const pack of this.underWay.splice(0)) this.send(pack);
  }

  private send(pack: AccountPack | MarketPack): void {
    if (this.isHeldBack) {
      this.underWay.push(pack);
      return;
    }
    const message = { subject: subjectOf(pack), data: encodePack(pack), sequence: 1 };
    const [result] = this.ledger.ingest([message]);
    if (result?.error !== null) throw result?.error ?? new Error('no result');
  }
}

/** Shard of each market. */
const HOSTS: Readonly<Record<number, number>> = { 1: 0, 2: 1 };

const LISTING = {
  kind: 'marketListed',
  symbol: 'X-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 1,
  microUsdNumerator: 1,
  microUsdDenominator: 1,
  priceTicksMax: 1_000,
  priceBandPpm: 1,
  initialMarginPpm: 1,
  maintenanceMarginPpm: 1,
};

function range(firstItem: number, lastItem: number) {
  return { firstItem, lastItem, epoch: 1 };
}

function at(shardId: number, sequence: number, timeMs: number) {
  return { shardId, firstSequence: sequence, lastSequence: sequence, timeMs };
}
