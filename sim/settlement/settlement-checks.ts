import { assert } from '../../engine/assert.js';
import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { TOTAL_CLEARING, TOTAL_FEES } from '../../engine/market/positions.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { SettlementLedger } from '../../settlement/ledger/ledger.js';
import { collateralOf } from '../../settlement/outbox/testing/exchange-money.js';
import { decodePack } from '../../settlement/packs/pack-codec.js';
import { batchHash, decodeBatch, GENESIS_HASH } from '../../settlement/program/batch-codec.js';
import { lastAccountOf } from '../spread/union-state.js';
import type { ChainState } from './chain-state.js';
import type { SimulatedBus } from './simulated-bus.js';

/** What holds at every moment, whatever is under way. */
export function checkAlways(ledger: SettlementLedger, finalized: ChainState): void {
  checkHashes(ledger, finalized);
  checkMoneyOnChain(finalized);
  checkPayments(ledger, finalized);
  assert(!finalized.isHalted, 'the chain must not halt');
  assert(!ledger.alarms.halted(), 'the ledger must not halt');
}

/** What holds when nothing is under way: three books of everything, each equal to the others. */
export function checkAtRest(
  ledger: SettlementLedger,
  chain: ChainState,
  shard: ShardCore,
  bus: SimulatedBus,
): void {
  checkAlways(ledger, chain);
  assert(openTransfers(ledger, chain).length === 0, 'transfers must be done');
  checkAccounts(ledger, chain, shard);
  checkMarkets(ledger, chain, shard);
  checkFills(ledger, chain, bus);
  checkKeys(bus);
  assert(ledger.status().deadLetters.open === 0, 'no message may be a dead letter');
}

/** The chain's batches are the ledger's, and their hashes follow from their bytes. */
function checkHashes(ledger: SettlementLedger, { batches, lastHash }: ChainState): void {
  let previous: Readonly<Uint8Array> = GENESIS_HASH;
  batches.forEach(({ sequence, bytes }, place) => {
    equal(`number of batch ${place + 1} on chain`, sequence, place + 1);
    previous = batchHash(previous, BigInt(sequence), bytes);
    const own = ledger.batches.find(sequence);
    equal(`hash of batch ${sequence}`, hex(own?.hash), hex(previous));
    equal(`bytes of batch ${sequence}`, hex(own?.bytes), hex(bytes));
  });
  equal('hash of the chain', hex(lastHash), hex(previous));
}

/** What lies in the vault is what was paid in and not paid out. */
function checkMoneyOnChain(state: ChainState): void {
  const { twin, marketIds } = state;
  let owed = 0n;
  for (const account of twin.accounts()) owed += twin.row(account).collateral;
  for (const slot of marketIds.keys()) {
    const { fees, insurance, clearing } = twin.market(slot);
    owed += fees + insurance + clearing;
  }
  const paidIn = sumOf(state.depositedMicroUsd) + state.fundedMicroUsd;
  equal('money on chain', owed, paidIn - sumOf(state.paidMicroUsd));
}

/** Nothing is paid and given back, and what is called paid was paid. */
function checkPayments(ledger: SettlementLedger, { nonces, paidMicroUsd }: ChainState): void {
  for (const [accountId, paid] of paidMicroUsd) {
    const used = nonces.get(accountId) ?? 0;
    const all = ledger.withdrawals.listOfAccount(accountId, 1_000);
    const last = all.find(({ nonce }) => nonce === used);
    const wasPaid = last !== undefined && !['expired', 'givenBack'].includes(last.state);
    assert(wasPaid, `withdrawal ${used} of account ${accountId} is paid and ${last?.state}`);
    const completed = all.filter(({ state }) => state === 'completed');
    const sum = completed.reduce((total, one) => total + BigInt(one.amountMicroUsd), 0n);
    const underWay = last.state === 'completed' ? 0n : BigInt(last.amountMicroUsd);
    equal(`paid to account ${accountId}`, paid, sum + underWay);
  }
}

function checkAccounts(ledger: SettlementLedger, chain: ChainState, shard: ShardCore): void {
  const last = lastAccountOf([shard]);
  const waiting = waitingTransfers(ledger, chain);
  for (let account = 1; account <= last; account++) {
    const row = chain.twin.row(account);
    assert(row !== undefined, `account ${account} has no row on chain`);
    const told = ledger.balances.account(account);
    const name = `of account ${account}`;
    const underWay = waiting.get(account) ?? 0n;
    const booked = collateralOf([shard], account);
    same(`collateral ${name}`, booked, told.collateralMicroUsd, row.collateral + underWay);
    for (const { marketId, positions } of shard.markets) {
      const slot = chain.marketIds.indexOf(marketId);
      const position = told.positions.find((one) => one.marketId === marketId);
      const of = `${name} in market ${marketId}`;
      const lots = positions.rows.get(account, R_POSITION);
      same(`lots ${of}`, lots, position?.lots ?? 0n, row.lots[slot] ?? 0n);
      const entry = positions.rows.get(account, R_ENTRY_VALUE);
      same(`entry value ${of}`, entry, position?.entryTickLots ?? 0n, row.entry[slot] ?? 0n);
    }
  }
}

/** Transfers that nothing stands against any more, in words. The others wait until the giver is out of debt on chain. */
export function openTransfers(ledger: SettlementLedger, chain: ChainState): string[] {
  return ledger.transfers.all().flatMap(({ fromAccountId, amountMicroUsd, number, state }) => {
    const done = chain.transfers.get(fromAccountId) ?? 0;
    const has = chain.twin.row(fromAccountId)?.collateral ?? 0n;
    const waits = number > done + 1 || (number > done && has < BigInt(amountMicroUsd));
    return state === 'done' || waits ? [] : [`transfer ${number} of ${fromAccountId}`];
  });
}

/** By account, what transfers have still to bring it on chain. */
function waitingTransfers(ledger: SettlementLedger, chain: ChainState): Map<number, bigint> {
  const waiting = new Map<number, bigint>();
  const add = (account: number, change: bigint) =>
    waiting.set(account, (waiting.get(account) ?? 0n) + change);
  for (const { fromAccountId, toAccountId, amountMicroUsd, number } of ledger.transfers.all()) {
    const done = chain.transfers.get(fromAccountId) ?? 0;
    if (number <= done) continue;
    add(fromAccountId, -BigInt(amountMicroUsd));
    add(toAccountId, BigInt(amountMicroUsd));
  }
  return waiting;
}

function checkMarkets(ledger: SettlementLedger, chain: ChainState, shard: ShardCore): void {
  const told = new Map(ledger.balances.markets().map((market) => [market.marketId, market]));
  for (const { marketId, positions } of shard.markets) {
    const own = told.get(marketId);
    assert(own !== undefined, `the ledger does not know market ${marketId}`);
    const { fees, insurance, clearing } = chain.twin.market(chain.marketIds.indexOf(marketId));
    const { totals, insuranceMicroUsd } = positions;
    const name = `of market ${marketId}`;
    same(`fees ${name}`, totals[TOTAL_FEES] as number, own.feesMicroUsd, fees);
    same(`clearing ${name}`, totals[TOTAL_CLEARING] as number, own.clearingMicroUsd, clearing);
    same(`insurance ${name}`, insuranceMicroUsd, own.insuranceMicroUsd, insurance);
  }
}

/** The batches on chain go up to the last item of each market. They name no more than there are; fewer, where a window netted to nothing. */
function checkFills(ledger: SettlementLedger, chain: ChainState, bus: SimulatedBus): void {
  const ends = new Map<number, number>();
  for (const { data } of bus.stored('fills')) {
    const pack = decodePack(data);
    if (pack.kind === 'market') {
      ends.set(pack.marketId, Math.max(pack.lastItem, ends.get(pack.marketId) ?? 0));
    }
  }
  const cuts = ledger.batches.cut(chain.lastSequence);
  const settled = chain.batches.flatMap(({ bytes }) => decodeBatch(bytes));
  chain.marketIds.forEach((marketId, slot) => {
    const fills = settled.filter((section) => section.slot === slot);
    const sum = fills.reduce((total, section) => total + section.fills, 0);
    const end = ends.get(marketId) ?? 0;
    assert(sum <= end, `${sum} fills of market ${marketId} are settled, but there are ${end}`);
    const cut = cuts.find(({ kind, streamId }) => kind === 'market' && streamId === marketId);
    equal(`last item of market ${marketId} in a batch`, cut?.item ?? 0, end);
  });
}

/** The engine has booked nothing from outside twice. */
function checkKeys(bus: SimulatedBus): void {
  const places = new Map<string, number>();
  for (const { data } of bus.stored('account-events')) {
    const pack = decodePack(data);
    if (pack.kind !== 'account') continue;
    pack.items.forEach((item, place) => {
      if (item.kind !== 'balance' || item.cashKey === null) return;
      const number = pack.firstItem + place;
      equal(`items of key ${item.cashKey}`, places.get(item.cashKey) ?? number, number);
      places.set(item.cashKey, number);
    });
  }
}

function same(what: string, engine: number, ledger: bigint, chain: bigint): void {
  const isSame = BigInt(engine) === ledger && ledger === chain;
  assert(isSame, `${what}: engine ${engine}, ledger ${ledger}, chain ${chain}`);
}

function equal<Value>(what: string, actual: Value, expected: Value): void {
  assert(actual === expected, `${what} is ${actual}, and must be ${expected}`);
}

function sumOf(amounts: ReadonlyMap<number, bigint>): bigint {
  return [...amounts.values()].reduce((sum, amount) => sum + amount, 0n);
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
