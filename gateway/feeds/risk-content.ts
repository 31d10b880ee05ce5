import type { MessageSink } from '../codec/message-sink.js';
import { type Market, type Markets, qtyText } from '../markets.js';
import { MESSAGES } from '../protocol/messages.js';
import { SIDES } from '../protocol/names.js';
import type { AccountViews } from './account-views.js';
import type { ChannelContent } from './channel.js';

/** For registered liquidators only. */
export const RISK_CHANNEL = 'positionsAtRisk';

/** A position as it was last told. */
interface Row {
  /** Names it as long as it is at risk; whose it is, nobody is told. */
  id: number;
  market: Market;
  lots: number;
}

/**
 * Positions that are being liquidated, in all markets: what may be auctioned next. Not those that are merely near their
 * margin: that is decided where accounts are at home, and not told before it has happened.
 */
export class RiskContent implements ChannelContent {
  private readonly markets: Markets;
  private readonly views: AccountViews;
  /** As told, by account and market. */
  private readonly told = new Map<number, Map<number, Row>>();
  private readonly dirty = new Set<number>();
  /** Last sequence by home; their sum only grows, and with one shard it is the sequence itself. */
  private readonly sequences: number[] = [];
  private lastId = 0;

  constructor(markets: Markets, views: AccountViews) {
    this.markets = markets;
    this.views = views;
  }

  /** Something about an account that is or was being liquidated; the views know it already. */
  saw(account: number, home: number, sequence: number): void {
    this.dirty.add(account);
    this.sequences[home] = sequence;
  }

  take() {
    const rows: Row[] = [];
    for (const account of this.dirty) this.compare(account, rows);
    this.dirty.clear();
    if (rows.length === 0) return null;
    const positions = rows.map(positionObject);
    const writeFrame = (epoch: number, previous: number, sequence: number) => {
      return (sink: MessageSink) => {
        sink.begin(MESSAGES.positionsAtRisk);
        sink.uint('epoch', epoch);
        sink.uint('previousSequence', previous);
        sink.uint('sequence', sequence);
        sink.value('positions', positions);
      };
    };
    const sequence = this.sequences.reduce((sum, own) => sum + own, 0);
    return { sequence, writeFrame };
  }

  writeSnapshot = (epoch: number, sequence: number) => {
    const rows = [...this.told.values()].flatMap((ofAccount) => [...ofAccount.values()]);
    const positions = rows.map(positionObject);
    return (sink: MessageSink) => {
      sink.begin(MESSAGES.positionsAtRiskSnapshot);
      sink.uint('epoch', epoch);
      sink.uint('sequence', sequence);
      sink.value('positions', positions);
    };
  };

  /** Adds what has changed of the account's positions since it was told. */
  private compare(account: number, changes: Row[]): void {
    const { told, views, markets } = this;
    const before = told.get(account) ?? new Map<number, Row>();
    const after = new Map<number, Row>();
    for (const { marketId, lots } of views.positionsAtRisk(account)) {
      const known = before.get(marketId);
      const id = known?.id ?? ++this.lastId;
      const row = { id, market: markets.get(marketId) as Market, lots };
      after.set(marketId, row);
      if (known?.lots !== lots) changes.push(row);
    }
    for (const [marketId, row] of before) {
      if (!after.has(marketId)) changes.push({ ...row, lots: 0 });
    }
    if (after.size === 0) told.delete(account);
    else told.set(account, after);
  }
}

/** The side is that of who would take it over: a buy for a long position. */
function positionObject({ id, market, lots }: Row): object {
  return {
    id,
    market: market.params.symbol,
    side: SIDES[lots >= 0 ? 0 : 1],
    qty: qtyText(market, Math.abs(lots)),
  };
}
