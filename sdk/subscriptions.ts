import type { RequestName } from '../gateway/protocol/messages.js';
import type { AccountState } from './account-state.js';
import type { ServerMessage } from './codec.js';
import { RequestError } from './requests.js';

type Ask = (op: RequestName, fields: object) => Promise<ServerMessage>;

/** What a client keeps of a channel; false: a gap, or a wrong checksum. */
export interface Mirror {
  readonly valid: boolean;
  apply(message: ServerMessage): boolean;
}

interface Position {
  epoch: number;
  sequence: number;
}

const PRIVATE = 'private';
const NOT_A_LIQUIDATOR = 'account_is_not_a_liquidator';
const PRIVATE_TYPES = new Set([
  'order',
  'fill',
  'balance',
  'funding',
  'liquidation',
  'cancelAllAfter',
  'leverage',
  'transfer',
  'insurance',
  'marginMode',
  'positionMargin',
  'parent',
  'bracket',
  'privateSnapshot',
]);

/**
 * The channels a client wants, and how far it has read each. After a reconnect every channel is asked for from there;
 * a gap, which should not happen, leads to a new snapshot instead of a wrong state.
 */
export class Subscriptions {
  private readonly wanted = new Set<string>();
  private readonly positions = new Map<string, Position>();
  private readonly ask: Ask;
  private readonly account: AccountState;
  private readonly mirrorOf: (channel: string) => Mirror | null;
  private readonly resumed: (channel: string, complete: boolean) => void;

  constructor(
    ask: Ask,
    account: AccountState,
    mirrorOf: (channel: string) => Mirror | null,
    resumed: (channel: string, complete: boolean) => void,
  ) {
    this.ask = ask;
    this.account = account;
    this.mirrorOf = mirrorOf;
    this.resumed = resumed;
  }

  async begin(channel: string): Promise<void> {
    this.wanted.add(channel);
    try {
      await this.ask('subscribe', { channel });
    } catch (error) {
      this.wanted.delete(channel);
      throw error;
    }
  }

  async end(channel: string): Promise<void> {
    this.forget(channel);
    await this.ask('unsubscribe', { channel });
  }

  async resumeAll(): Promise<void> {
    await Promise.all([...this.wanted].map((channel) => this.resume(channel)));
  }

  connectionLost(): void {
    for (const channel of this.positions.keys()) {
      const valid = this.mirrorOf(channel)?.valid ?? true;
      if (!valid || (channel === PRIVATE && !this.account.valid)) this.positions.delete(channel);
    }
  }

  /** Reads a message of a feed. */
  receive(message: ServerMessage): void {
    if (PRIVATE_TYPES.has(message.type)) {
      this.receivePrivate(message);
      return;
    }
    if (message.type === 'notice' && message.code === NOT_A_LIQUIDATOR) {
      this.forget(message.channel as string);
    }
    const channel = channelOf(message);
    if (channel === null) return;
    const epoch = message.epoch as number;
    const sequence = message.sequence as number;
    const mirror = this.mirrorOf(channel);
    if (mirror !== null) {
      if (!mirror.apply(message)) {
        this.again(channel);
        return;
      }
    } else if (message.previousSequence !== undefined && !this.follows(channel, message)) {
      this.again(channel);
      return;
    }
    this.positions.set(channel, { epoch, sequence });
  }

  private receivePrivate(message: ServerMessage): void {
    if (!this.account.apply(message)) this.again(PRIVATE);
    else if (this.account.valid) {
      const { epoch, accountSequence } = this.account;
      this.positions.set(PRIVATE, { epoch, sequence: accountSequence });
    }
  }

  private follows(channel: string, message: ServerMessage): boolean {
    const last = this.positions.get(channel);
    return (
      last !== undefined &&
      last.epoch === message.epoch &&
      last.sequence === message.previousSequence
    );
  }

  private async resume(channel: string): Promise<void> {
    const last = this.positions.get(channel);
    try {
      const answer = await this.ask('subscribe', { channel, ...last });
      this.resumed(channel, (answer.data as { resumed: boolean }).resumed);
    } catch (error) {
      // One channel that is not for this account any more must not keep it from the others.
      if (!(error instanceof RequestError) || error.code !== NOT_A_LIQUIDATOR) throw error;
      this.forget(channel);
    }
  }

  private forget(channel: string): void {
    this.wanted.delete(channel);
    this.positions.delete(channel);
  }

  /** Asks for a snapshot after a gap. */
  private again(channel: string): void {
    if (!this.positions.delete(channel)) return;
    this.ask('unsubscribe', { channel })
      .then(() => (this.wanted.has(channel) ? this.resume(channel) : undefined))
      // The connection went away: the reconnect asks for the snapshot.
      .catch(() => {});
  }
}

function channelOf(message: ServerMessage): string | null {
  switch (message.type) {
    case 'bookSnapshot':
    case 'bookDelta':
      return `book.${bookNameOf(message)}`;
    case 'ordersSnapshot':
    case 'ordersDelta':
      return `orders.${message.market}`;
    case 'bboSnapshot':
    case 'bbo':
      return `bbo.${message.market}`;
    case 'tradesSnapshot':
    case 'trades':
      return `trades.${message.market}`;
    case 'candlesSnapshot':
    case 'candles':
      return `candles.${message.market}.${message.interval}`;
    case 'markSnapshot':
    case 'mark':
      return `mark.${message.market}`;
    case 'liquidationsSnapshot':
    case 'liquidations':
      return `liquidations.${message.market}`;
    case 'positionsAtRiskSnapshot':
    case 'positionsAtRisk':
      return 'positionsAtRisk';
    case 'marketStateSnapshot':
    case 'marketState':
      return 'marketState';
    default:
      return null;
  }
}

/** Of the whole book its market's symbol, else with depth and interval behind it. */
function bookNameOf({ market, depth, interval }: ServerMessage): string {
  return interval === undefined ? String(market) : `${market}.${depth ?? 'all'}.${interval}ms`;
}
