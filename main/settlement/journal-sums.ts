import { readMarketParams } from '../../engine/market/market-params.js';
import { listShards } from '../../engine/runtime/journal/directories.js';

import type { StreamCut } from '../../settlement/ledger/batches.js';
import type { JournalSide } from '../../settlement/ledger/verify.js';
import type { VerifiedAccount, VerifiedMarket } from '../../settlement/ledger/verify-sums.js';
import { ItemFold } from '../../settlement/outbox/item-fold.js';
import type { ItemSink } from '../../settlement/outbox/item-sink.js';
import type { AccountItem, ItemSide, MarketItem } from '../../settlement/packs/pack-types.js';
import { createShardIn } from '../exchange/placement.js';
import { replicaAtTheBeginning } from '../outbox/shard-outbox.js';

type Writable<Value> = { -readonly [Field in keyof Value]: Value[Field] };
interface Account {
  collateralMicroUsd: bigint;
  positions: Map<
    number,
    Writable<VerifiedAccount['positions'] extends ReadonlyMap<number, infer P> ? P : never>
  >;
}

/** Where each stream of items ends, for sums that are to be of one moment of the settlement. */
class Cut {
  private readonly ends = new Map<string, number>();

  constructor(cuts: readonly StreamCut[]) {
    for (const { kind, streamId, item } of cuts) this.ends.set(`${kind} ${streamId}`, item);
  }

  holds(kind: StreamCut['kind'], streamId: number, item: number): boolean {
    return item <= (this.ends.get(`${kind} ${streamId}`) ?? 0);
  }
}

/** Adds items up to a cut by the table of the double entry (settlement/README.md), in bigint, and nothing else. */
class CutSums implements ItemSink {
  readonly accounts = new Map<number, Account>();
  readonly markets = new Map<number, Writable<VerifiedMarket>>();
  private readonly cut: Cut;
  private readonly shardId: number;
  private accountItems = 0;
  private readonly marketItems = new Map<number, number>();

  constructor(cut: Cut, shardId: number, into: CutSums | null) {
    this.cut = cut;
    this.shardId = shardId;
    if (into !== null) {
      this.accounts = into.accounts;
      this.markets = into.markets;
    }
  }

  marketItem(marketId: number, _sequence: number, { maker, taker }: MarketItem): void {
    const number = (this.marketItems.get(marketId) ?? 0) + 1;
    this.marketItems.set(marketId, number);
    if (!this.cut.holds('market', marketId, number)) return;
    this.side(marketId, maker);
    this.side(marketId, taker);
  }

  accountItem(item: AccountItem): void {
    this.accountItems++;
    if (!this.cut.holds('account', this.shardId, this.accountItems)) return;
    switch (item.kind) {
      case 'balance':
        this.account(item.accountId).collateralMicroUsd += BigInt(item.changeMicroUsd);
        break;
      case 'transfer':
        this.account(item.accountId).collateralMicroUsd -= BigInt(item.amountMicroUsd);
        this.account(item.toAccountId).collateralMicroUsd += BigInt(item.amountMicroUsd);
        break;
      case 'insuranceFunded':
        this.market(item.marketId).insuranceMicroUsd += BigInt(item.changeMicroUsd);
        break;
      case 'funding':
      case 'insurance': {
        const payment = BigInt(item.paymentMicroUsd);
        this.account(item.accountId).collateralMicroUsd -= payment;
        this.market(item.marketId).insuranceMicroUsd += payment;
        break;
      }
    }
  }

  price(): void {}
  epoch(): void {}

  private side(marketId: number, side: ItemSide): void {
    const account = this.account(side.accountId);
    const market = this.market(marketId);
    const [realized, fee] = [BigInt(side.realizedMicroUsd), BigInt(side.feeMicroUsd)];
    account.collateralMicroUsd += realized - fee;
    market.clearingMicroUsd -= realized;
    market.feesMicroUsd += fee;
    market.entryTickLots += BigInt(side.deltaEntryTickLots);
    const position = account.positions.get(marketId) ?? { lots: 0n, entryTickLots: 0n };
    account.positions.set(marketId, position);
    position.lots += BigInt(side.deltaLots);
    position.entryTickLots += BigInt(side.deltaEntryTickLots);
  }

  private account(accountId: number): Account {
    const known = this.accounts.get(accountId);
    if (known !== undefined) return known;
    const made = { collateralMicroUsd: 0n, positions: new Map() };
    this.accounts.set(accountId, made);
    return made;
  }

  private market(marketId: number): Writable<VerifiedMarket> {
    const known = this.markets.get(marketId);
    if (known !== undefined) return known;
    const made = {
      feesMicroUsd: 0n,
      insuranceMicroUsd: 0n,
      clearingMicroUsd: 0n,
      entryTickLots: 0n,
    };
    this.markets.set(marketId, made);
    return made;
  }
}

/**
 * Every balance from the journals alone, as of a cut through the streams of items: the commands are run again from the first one on.
 *
 * @throws JournalBeginsLateError when the beginning of a journal has been taken away, and what is damaged in it.
 */
export function journalSums(dataDir: string, cuts: readonly StreamCut[]): JournalSide {
  const cut = new Cut(cuts);
  let sums: CutSums | null = null;
  for (const shardId of listShards(dataDir)) {
    const createShard = () => createShardIn(shardId, dataDir);
    const replica = replicaAtTheBeginning({ dataDir, shardId, createShard });
    const { shard } = replica;
    const sink = new CutSums(cut, shardId, sums);
    sums = sink;
    const fold = new ItemFold({
      shardId,
      contractOf: (marketId) => shard.market(marketId)?.params ?? null,
      readListing: readMarketParams,
      sink,
    });
    try {
      while (replica.next(Number.MAX_SAFE_INTEGER)) {
        fold.apply(shard.events, shard.timeMs);
        replica.forgetChannels();
      }
    } finally {
      replica.close();
    }
  }
  return { accounts: sums?.accounts ?? new Map(), markets: sums?.markets ?? new Map() };
}
