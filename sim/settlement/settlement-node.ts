import { STREAM_NAMES } from '../../settlement/bus/streams.js';
import { Intake } from '../../settlement/ledger/intake.js';
import { SettlementLedger } from '../../settlement/ledger/ledger.js';
import type { WindowLimits } from '../../settlement/ledger/netting-window.js';
import { AccountRounds } from '../../settlement/service/account-rounds.js';
import { BatchRounds } from '../../settlement/service/batch-rounds.js';
import type { ChainDoor } from '../../settlement/service/chain-door.js';
import { DepositRounds } from '../../settlement/service/deposit-rounds.js';
import type { ExchangeMoney } from '../../settlement/service/exchange-door.js';
import { OperatorPayments } from '../../settlement/service/operator-payments.js';
import { TransferRounds } from '../../settlement/service/transfer-rounds.js';
import { WithdrawalRounds } from '../../settlement/service/withdrawal-rounds.js';
import type { SimulatedBus } from './simulated-bus.js';

export interface SettlementNodeOptions {
  readonly dataDir: string;
  readonly bus: SimulatedBus;
  readonly exchange: ExchangeMoney;
  readonly limits: WindowLimits;
  readonly operator: string;
  readonly now: () => number;
  readonly doorOf: (ledger: SettlementLedger) => ChainDoor;
}

const NEVER_MS = 2 ** 31 - 1;
const WINDOW_MS = 400;
const HOUSE_KEY = new Uint8Array(32).fill(9);

/**
 * The settlement process: the real ledger and the real rounds. The product's loops rest between rounds by the clock; here the simulation
 * says when a round begins. Everything else (who waits for whom) is the same.
 */
export class SettlementNode {
  readonly ledger: SettlementLedger;
  /** The last trouble of each loop. */
  readonly troubles = new Map<string, string>();
  private readonly bus: SimulatedBus;
  private readonly intake: Intake;
  private readonly rounds: ReadonlyMap<string, () => Promise<unknown>>;
  private readonly busy = new Set<string>();
  private mistake: Error | null = null;
  private isDead = false;

  constructor(options: SettlementNodeOptions) {
    const { dataDir, bus, exchange, limits, operator, now, doorOf } = options;
    this.bus = bus;
    const ledger = new SettlementLedger({ dataDir, now });
    this.ledger = ledger;
    ledger.bindTo('the simulated exchange');
    const chain = doorOf(ledger);
    const onTrouble = (error: Error | null) => {
      if (error !== null) this.mistake = error;
    };
    // Groups end when the simulation says so.
    this.intake = new Intake({ ledger, onTrouble, waitMs: NEVER_MS, retryMs: NEVER_MS });
    const batches = new BatchRounds({ ledger, chain, limits, windowMs: WINDOW_MS, now });
    const accounts = new AccountRounds({ ledger, chain, houseKey: HOUSE_KEY, now });
    const deposits = new DepositRounds({ ledger, chain, exchange, operator, now });
    const areDepositsKnown = () => deposits.isAtEnd;
    const isInLine = () => batches.isInLine;
    const areMarketsPlaced = () => accounts.areMarketsPlaced;
    const known = { areDepositsKnown, areMarketsPlaced, isInLine };
    const payments = new OperatorPayments({ ledger, chain, ...known });
    const transfers = new TransferRounds({ ledger, chain, now });
    const withdrawals = new WithdrawalRounds({ ledger, chain, exchange, now });
    this.rounds = new Map<string, () => Promise<unknown>>([
      ['accounts', () => accounts.round()],
      ['batches', () => batches.round()],
      ['deposits', () => deposits.round()],
      ['payments', () => payments.round()],
      ['transfers', () => transfers.round()],
      ['withdrawals', () => withdrawals.round()],
      ['prices', () => chain.tellPrices(ledger.prices.list().filter(hasIndex))],
    ]);
    for (const stream of STREAM_NAMES) void this.intake.read(bus.reader(stream).open());
  }

  get loops(): readonly string[] {
    return [...this.rounds.keys()];
  }

  get isBusy(): boolean {
    return this.busy.size > 0;
  }

  /** What was handed out becomes one group. */
  takeIn(): void {
    this.intake.flush();
    if (this.mistake !== null) throw this.mistake;
  }

  /** Begins a round of a loop, unless one is under way. */
  begin(loop: string): void {
    const round = this.rounds.get(loop);
    if (round === undefined || this.busy.has(loop)) return;
    this.busy.add(loop);
    round()
      .then(() => this.troubles.delete(loop))
      .catch((error: Error) => {
        this.troubles.set(loop, `${error.name}: ${error.message}`);
        if (isMistake(error)) this.mistake ??= error;
      })
      .finally(() => this.busy.delete(loop));
  }

  /** Nothing of it runs on: what was not written is lost. */
  die(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.intake.close();
    for (const reader of this.bus.readers.values()) reader.close();
    this.ledger.close();
  }
}

function hasIndex({ indexTicks }: { indexTicks: number }): boolean {
  return indexTicks > 0;
}

/** No fault of others leads there. */
function isMistake(error: Error): boolean {
  const names = ['TypeError', 'RangeError', 'InvariantError', 'LedgerStateError', 'ConflictError'];
  return names.includes(error.name);
}
