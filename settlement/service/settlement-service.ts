import type { Bus } from '../bus/bus.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { WindowLimits } from '../ledger/netting-window.js';
import { AccountRounds } from './account-rounds.js';
import { BatchRounds } from './batch-rounds.js';
import { BusReader } from './bus-reader.js';
import type { ChainDoor } from './chain-door.js';
import { DepositRounds } from './deposit-rounds.js';
import type { ForcedMoney } from './exchange-door.js';
import { ForcedDebits } from './forced-debits.js';
import { ForcedRounds } from './forced-rounds.js';
import { Loop } from './loop.js';
import { OperatorPayments } from './operator-payments.js';
import { TransferRounds } from './transfer-rounds.js';
import { WithdrawalRounds } from './withdrawal-rounds.js';

export interface SettlementServiceOptions {
  readonly bus: Bus;
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly exchange: ForcedMoney;
  readonly limits: WindowLimits;
  readonly windowMs: number;
  /** Owner on chain of accounts without a key of their own. */
  readonly houseKey: Uint8Array;
  /** Whose payments on chain are not deposits of anybody, base58. */
  readonly operator: string;
  readonly say: (level: 'info' | 'warn' | 'error', sentence: string) => void;
  readonly now?: () => number;
}

const REST_MS = 100;
const DEPOSITS_REST_MS = 500;
const PRICES_REST_MS = 1_000;
const OPERATOR_REST_MS = 1_000;

/**
 * Settlement as a whole: loops that each do one kind of work, again and again, over the ledger. They share nothing but the ledger, which
 * is synchronous, so none sees another's work half done; and none waits for another but through it.
 */
export class SettlementService {
  private readonly options: SettlementServiceOptions;
  private readonly reader: BusReader;
  private readonly loops: Loop[];

  constructor(options: SettlementServiceOptions) {
    const { bus, ledger, chain, exchange, limits, windowMs, houseKey, operator } = options;
    const { now = Date.now } = options;
    this.options = options;
    this.reader = new BusReader(bus, ledger, (error) => {
      if (error !== null) this.trouble('ledger', error);
    });
    const accounts = new AccountRounds({ ledger, chain, houseKey, now });
    const batches = new BatchRounds({ ledger, chain, limits, windowMs, now });
    const deposits = new DepositRounds({ ledger, chain, exchange, operator, now });
    const areDepositsKnown = () => deposits.isAtEnd;
    const isInLine = () => batches.isInLine;
    const areMarketsPlaced = () => accounts.areMarketsPlaced;
    const known = { areDepositsKnown, areMarketsPlaced, isInLine };
    const payments = new OperatorPayments({ ledger, chain, ...known });
    const scan = () => deposits.scan();
    const forced = new ForcedRounds({ ledger, chain, exchange, scan, now });
    const debits = new ForcedDebits({ ledger, exchange, now });
    const transfers = new TransferRounds({ ledger, chain, now });
    const withdrawals = new WithdrawalRounds({ ledger, chain, exchange, now });
    this.loops = [
      this.loop('bus', REST_MS, () => this.reader.run().then(() => false)),
      this.loop('accounts', REST_MS, () => accounts.round()),
      this.loop('batches', REST_MS, () => batches.round()),
      this.loop('deposits', DEPOSITS_REST_MS, () => deposits.round()),
      this.loop('operator payments', DEPOSITS_REST_MS, () => payments.round()),
      this.loop('transfers', REST_MS, () => transfers.round()),
      this.loop('withdrawals', REST_MS, () => withdrawals.round()),
      this.loop(
        'dead letters',
        OPERATOR_REST_MS,
        async () => ledger.deadLetters.doWhatWasAsked() > 0,
      ),
      this.loop('forced withdrawals', DEPOSITS_REST_MS, () => forced.round()),
      this.loop('forced debits', DEPOSITS_REST_MS, () => debits.round()),
      this.loop('prices', PRICES_REST_MS, () => this.tellPrices()),
    ];
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  /** Ends each loop behind the round that is under way. */
  async stop(): Promise<void> {
    await this.reader.close();
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  /** What does not go on at the moment, by loop. */
  troubles(): { loop: string; sentence: string }[] {
    return this.loops.flatMap(({ name, lastTrouble }) =>
      lastTrouble === null ? [] : [{ loop: name, sentence: lastTrouble }],
    );
  }

  private async tellPrices(): Promise<boolean> {
    const { ledger, chain } = this.options;
    const known = ledger.prices.list().filter(({ indexTicks }) => indexTicks > 0);
    await chain.tellPrices(known.map(({ marketId, indexTicks }) => ({ marketId, indexTicks })));
    return false;
  }

  private loop(name: string, restMs: number, round: () => Promise<boolean>): Loop {
    return new Loop({
      name,
      restMs,
      round,
      onTrouble: (loop, error) => this.trouble(loop, error),
      onRecovered: (loop) => this.options.say('info', `${loop}: all is well again`),
    });
  }

  private trouble(loop: string, error: Error): void {
    this.options.say('warn', `${loop}: ${error.message}`);
  }
}
