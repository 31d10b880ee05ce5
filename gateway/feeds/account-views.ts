import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_ENTRY_VALUE,
  EF_LOTS,
  EF_POSITION,
  EF_VALUE,
  EW_FLAGS,
  marketOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_BALANCE,
  EVT_FILL,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_LEVERAGE,
  EVT_LIQUIDATION,
  EVT_MARGIN_MODE,
  EVT_POSITION_MARGIN,
  EVT_TRANSFER,
  LIQUIDATION_ENDED,
  MARGIN_ISOLATED,
} from '../../engine/messages/types.js';
import { grownFloats } from './open-orders.js';

const FIRST_ACCOUNTS = 1024;

export interface PositionView {
  marketId: number;
  lots: number;
  /** Signed tick·lots. */
  entryValue: number;
}

/** Collateral, positions and feed position of each account, folded from the events of the private feed. */
export class AccountViews {
  private collateral = new Float64Array(FIRST_ACCOUNTS);
  private sequences = new Float64Array(FIRST_ACCOUNTS);
  private epochs = new Float64Array(FIRST_ACCOUNTS);
  /** By market: lots by account, and entry values. */
  private readonly lots: (Float64Array<ArrayBuffer> | undefined)[] = [];
  private readonly entryValues: (Float64Array<ArrayBuffer> | undefined)[] = [];
  /** By market: leverages that accounts have chosen, 0 for none. */
  private readonly leverages: (Float64Array<ArrayBuffer> | undefined)[] = [];
  /** By account: what of it is being liquidated: markets of isolated positions, 0 for all that is not isolated. */
  private readonly liquidating = new Map<number, Set<number>>();
  /** By account, then market: collateral where margin is isolated, micro-USD. */
  private readonly isolated = new Map<number, Map<number, number>>();

  /** Takes an event that has a number in its account's feed. False: it was folded before. */
  apply(words: Int32Array, floats: Float64Array, at: number, epoch: number): boolean {
    const f = at / 2;
    const head = words[at + W_HEAD] as number;
    const account = words[at + W_ACCOUNT] as number;
    const sequence = floats[f + EF_ACCOUNT_SEQUENCE] as number;
    if (account >= this.sequences.length) this.grow(account);
    if (sequence <= (this.sequences[account] as number)) return false;
    this.sequences[account] = sequence;
    this.epochs[account] = epoch;
    const type = typeOf(head);
    if (type === EVT_FILL || type === EVT_TRANSFER) {
      this.setPosition(account, {
        marketId: marketOf(head),
        lots: floats[f + EF_POSITION] as number,
        entryValue: floats[f + EF_ENTRY_VALUE] as number,
      });
      this.collateral[account] = floats[f + EF_COLLATERAL] as number;
    } else if (type === EVT_BALANCE || type === EVT_FUNDING || type === EVT_INSURANCE) {
      this.collateral[account] = floats[f + EF_COLLATERAL] as number;
    } else if (type === EVT_LEVERAGE) {
      this.setLeverage(account, marketOf(head), floats[f + EF_LOTS] as number);
    } else if (type === EVT_LIQUIDATION) {
      const goesOn = words[at + EW_FLAGS] !== LIQUIDATION_ENDED;
      this.setLiquidating(account, marketOf(head), goesOn);
    } else if (type === EVT_MARGIN_MODE || type === EVT_POSITION_MARGIN) {
      this.collateral[account] = floats[f + EF_COLLATERAL] as number;
      const isIsolated = words[at + EW_FLAGS] === MARGIN_ISOLATED;
      const own = floats[f + EF_VALUE] as number;
      this.setIsolated(account, marketOf(head), isIsolated ? own : null);
    }
    return true;
  }

  /** State of an account from before the first event that this gateway will see. */
  seed(account: number, collateral: number, sequence: number, epoch: number): void {
    if (account >= this.sequences.length) this.grow(account);
    this.collateral[account] = collateral;
    this.sequences[account] = sequence;
    this.epochs[account] = epoch;
  }

  setPosition(account: number, position: PositionView): void {
    const { marketId } = position;
    const lots = this.column(this.lots, marketId, account);
    const values = this.column(this.entryValues, marketId, account);
    lots[account] = position.lots;
    values[account] = position.entryValue;
  }

  setLeverage(account: number, marketId: number, leverage: number): void {
    this.column(this.leverages, marketId, account)[account] = leverage;
  }

  /** `part`: market of the isolated position, 0 for the account itself. */
  setLiquidating(account: number, part: number, isLiquidating: boolean): void {
    const parts = this.liquidating.get(account) ?? new Set<number>();
    if (isLiquidating) parts.add(part);
    else parts.delete(part);
    if (parts.size === 0) this.liquidating.delete(account);
    else this.liquidating.set(account, parts);
  }

  /** Something of it is. */
  isLiquidating(account: number): boolean {
    // Asked for each event, and mostly nobody is.
    return this.liquidating.size > 0 && this.liquidating.has(account);
  }

  /** Accounts of which something is being liquidated. */
  get liquidations(): number {
    return this.liquidating.size;
  }

  /** Positions that are being liquidated. */
  positionsAtRisk(account: number): PositionView[] {
    const parts = this.liquidating.get(account);
    if (parts === undefined) return [];
    return this.positionsOf(account).filter(({ marketId }) => {
      return parts.has(this.isolatedOf(account, marketId) === null ? 0 : marketId);
    });
  }

  /** `collateral`: of the account's position in this market, null: its margin there is cross. */
  setIsolated(account: number, marketId: number, collateral: number | null): void {
    const markets = this.isolated.get(account) ?? new Map<number, number>();
    if (collateral === null) markets.delete(marketId);
    else markets.set(marketId, collateral);
    if (markets.size === 0) this.isolated.delete(account);
    else this.isolated.set(account, markets);
  }

  isolatedOf(account: number, marketId: number): number | null {
    return this.isolated.get(account)?.get(marketId) ?? null;
  }

  /** Markets in which the account's margin is isolated. */
  isolatedMarketsOf(account: number): { marketId: number; collateral: number }[] {
    const markets = [...(this.isolated.get(account) ?? [])].sort(([a], [b]) => a - b);
    return markets.map(([marketId, collateral]) => ({ marketId, collateral }));
  }

  /** Markets in which the account has chosen a leverage. */
  leveragesOf(account: number): { marketId: number; leverage: number }[] {
    const chosen: { marketId: number; leverage: number }[] = [];
    this.leverages.forEach((column, marketId) => {
      const leverage = column?.[account] ?? 0;
      if (leverage !== 0) chosen.push({ marketId, leverage });
    });
    return chosen;
  }

  collateralOf(account: number): number {
    return this.collateral[account] ?? 0;
  }

  /** Number of the account's last event, 0 when it had none. */
  sequenceOf(account: number): number {
    return this.sequences[account] ?? 0;
  }

  epochOf(account: number): number {
    return this.epochs[account] ?? 0;
  }

  positionsOf(account: number): PositionView[] {
    const positions: PositionView[] = [];
    this.lots.forEach((column, marketId) => {
      const lots = column?.[account] ?? 0;
      const entryValue = this.entryValues[marketId]?.[account] ?? 0;
      if (lots !== 0) positions.push({ marketId, lots, entryValue });
    });
    return positions;
  }

  /** One more than the highest account that may have a position in the market. */
  accountsIn(marketId: number): number {
    return this.lots[marketId]?.length ?? 0;
  }

  /** Lots of an account in a market, signed, and their entry value in tick·lots. */
  lotsOf(account: number, marketId: number): number {
    return this.lots[marketId]?.[account] ?? 0;
  }

  entryValueOf(account: number, marketId: number): number {
    return this.entryValues[marketId]?.[account] ?? 0;
  }

  private column(
    columns: (Float64Array<ArrayBuffer> | undefined)[],
    marketId: number,
    account: number,
  ): Float64Array {
    let column = columns[marketId] ?? new Float64Array(FIRST_ACCOUNTS);
    if (account >= column.length) column = grownFloats(column, account + 1);
    columns[marketId] = column;
    return column;
  }

  private grow(account: number): void {
    this.collateral = grownFloats(this.collateral, account + 1);
    this.sequences = grownFloats(this.sequences, account + 1);
    this.epochs = grownFloats(this.epochs, account + 1);
  }
}
