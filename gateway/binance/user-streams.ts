import { type FigureSources, type WalletFigures, walletFigures } from './account-figures.js';
import { algoUpdate } from './algo-requests.js';
import type { AccountChange, Histories } from './histories.js';
import { LISTEN_KEY_LENGTH, type ListenKeys } from './listen-keys.js';
import type { StreamSocket } from './stream-socket.js';
import * as payloads from './user-payloads.js';

interface Reader {
  readonly socket: StreamSocket;
  /** Name of the stream: the listen key. */
  readonly listenKey: string;
}

/** Equity below maintenance margin × 5/4 is a reason to warn. */
const WARN_NUMERATOR = 5n;
const WARN_DENOMINATOR = 4n;
const WARN_AGAIN_MS = 60_000;
/** Accounts that one call looks at; with more readers each has its turn less often. */
const WARN_PER_CALL = 200;

export interface UserStreamContext {
  readonly keys: ListenKeys;
  readonly sources: FigureSources;
  readonly histories: Histories;
  readonly exchangeTimeMs: () => number;
}

/** User-data streams: what concerns an account, to those who read it by its listen key. */
export class UserStreams {
  private readonly context: () => UserStreamContext;
  private readonly readers = new Map<number, Reader[]>();
  /** When accounts were warned, by a clock that never goes back. */
  private readonly warned = new Map<number, number>();
  private nextWarned = 0;

  /** The context is asked for late, because its histories tell this object what changes. */
  constructor(context: () => UserStreamContext) {
    this.context = context;
  }

  /** False: it is nobody's key. */
  subscribe(listenKey: string, socket: StreamSocket, nowMs: number): boolean {
    const { histories, keys } = this.context();
    const account = keys.accountOf(listenKey, socket.origin.address);
    if (account === 0) return false;
    histories.of(account, nowMs);
    const others = this.readers.get(account) ?? [];
    if (others.some((reader) => isReader(reader, listenKey, socket))) return true;
    this.readers.set(account, [...others, { socket, listenKey }]);
    return true;
  }

  isRead(account: number): boolean {
    return this.readers.has(account);
  }

  unsubscribe(listenKey: string, socket: StreamSocket): void {
    if (listenKey.length !== LISTEN_KEY_LENGTH) return;
    for (const [account, readers] of this.readers) {
      const rest = readers.filter((each) => !isReader(each, listenKey, socket));
      if (rest.length === readers.length) continue;
      if (rest.length === 0) this.readers.delete(account);
      else this.readers.set(account, rest);
    }
  }

  changed(account: number, change: AccountChange, timeMs: number): void {
    if (!this.readers.has(account)) return;
    const { sources } = this.context();
    if (change.kind === 'order') {
      const market = sources.markets.get(change.order.marketId);
      if (market === undefined) return;
      const { execution, fill, order } = change;
      if (order.isAlgo) {
        this.send(account, algoUpdate(order, market, timeMs));
        return;
      }
      this.send(account, payloads.orderUpdate(order, market, execution, fill, timeMs));
      return;
    }
    if (change.kind === 'leverage') {
      const market = sources.markets.get(change.marketId);
      if (market === undefined) return;
      this.send(account, payloads.configUpdate(market, change.leverage, timeMs));
      return;
    }
    const { changeMicroUsd, marketId, reason } = change;
    const figures = walletFigures(sources, account);
    const payload = payloads.accountUpdate(figures, reason, marketId, changeMicroUsd, timeMs);
    this.send(account, payload);
  }

  /** Ends the streams of a key that is not valid any more. */
  end(account: number, listenKey: string): void {
    const all = this.readers.get(account) ?? [];
    const ended = all.filter((reader) => reader.listenKey === listenKey);
    const rest = all.filter((reader) => reader.listenKey !== listenKey);
    send(ended, payloads.expiredPayload(listenKey, this.context().exchangeTimeMs()));
    for (const { socket } of ended) socket.streams.delete(listenKey);
    if (rest.length === 0) this.readers.delete(account);
    else this.readers.set(account, rest);
  }

  /** Warns those who are near their liquidation; to be called about once a second. */
  warn(clockMs: number): void {
    const { sources } = this.context();
    const accounts = [...this.readers.keys()];
    if (this.nextWarned >= accounts.length) this.nextWarned = 0;
    const some = accounts.slice(this.nextWarned, this.nextWarned + WARN_PER_CALL);
    this.nextWarned += some.length;
    for (const account of some) {
      const figures = walletFigures(sources, account);
      const near = nearLiquidation(figures);
      if (near.length === 0) {
        this.warned.delete(account);
        continue;
      }
      const last = this.warned.get(account);
      if (last !== undefined && clockMs - last < WARN_AGAIN_MS) continue;
      this.warned.set(account, clockMs);
      const timeMs = this.context().exchangeTimeMs();
      this.send(account, payloads.marginCall(figures, near, timeMs));
    }
    for (const account of this.warned.keys()) {
      if (!this.readers.has(account)) this.warned.delete(account);
    }
  }

  private send(account: number, payload: object): void {
    send(this.readers.get(account) ?? [], payload);
  }
}

function isReader(reader: Reader, listenKey: string, socket: StreamSocket): boolean {
  return reader.socket === socket && reader.listenKey === listenKey;
}

function send(readers: readonly Reader[], payload: object): void {
  const data = JSON.stringify(payload);
  for (const { listenKey, socket } of readers) {
    socket.queue(socket.isCombined ? `{"stream":"${listenKey}","data":${data}}` : data);
  }
}

/** Markets whose positions are near their liquidation. */
export function nearLiquidation(figures: WalletFigures): number[] {
  const isNear = (equity: bigint, maintenance: bigint) => {
    return maintenance > 0n && equity * WARN_DENOMINATOR < maintenance * WARN_NUMERATOR;
  };
  const crossEquity = figures.crossWallet + figures.crossUnrealized;
  const crossIsNear = isNear(crossEquity, figures.crossMaintenance);
  return figures.markets
    .filter(({ isolated, lots, maintenance, unrealized }) => {
      if (lots === 0) return false;
      return isolated === null ? crossIsNear : isNear(isolated + unrealized, maintenance);
    })
    .map(({ market }) => market.id);
}
