import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { SettlementLedger } from '../../settlement/ledger/ledger.js';
import type { SimulatedChain } from './simulated-chain.js';

const OPEN_STATES = ['completed', 'refused', 'givenBack'];

/** Owners of accounts: they pay in on chain, and sign withdrawals, one at a time as the custody door has it. */
export class ChainUsers {
  readonly counts = { chainDeposits: 0, withdrawalsSigned: 0, withdrawalsRepeated: 0 };
  private readonly random: Xorshift;
  private readonly chain: SimulatedChain;
  private readonly nonces = new Map<number, number>();

  constructor(random: Xorshift, chain: SimulatedChain) {
    this.random = random;
    this.chain = chain;
  }

  /** A user's own transaction: nobody here looks after it. */
  deposit(): void {
    const { random, chain } = this;
    const rows = chain.finalized.twin.accounts();
    if (rows.length === 0) return;
    const accountId = random.pick(rows);
    const amount = random.between(1, random.pick([100, 1e6, 1e9, 2e10]));
    const payer = `owner-${accountId}`;
    this.counts.chainDeposits++;
    chain.submit({
      signature: chain.newSignature(),
      lastValidHeight: chain.height + 10,
      apply: (state, _now, signature) => state.deposit(signature, accountId, amount, payer),
    });
  }

  /** Some ask for more than they have, and some signatures live for seconds. */
  withdraw(ledger: SettlementLedger, nowMs: number): void {
    const { random, nonces } = this;
    const rows = this.chain.finalized.twin.accounts();
    if (rows.length === 0) return;
    const accountId = random.pick(rows);
    if (ledger.catalogue.account(accountId) === null) return;
    const [newest] = ledger.withdrawals.listOfAccount(accountId, 1);
    if (newest !== undefined && !OPEN_STATES.includes(newest.state)) {
      ledger.withdrawals.request(newest);
      this.counts.withdrawalsRepeated++;
      return;
    }
    const nonce = (nonces.get(accountId) ?? 0) + random.between(1, 3);
    nonces.set(accountId, nonce);
    this.counts.withdrawalsSigned++;
    const livesSeconds = random.pick([2, 20, 120, 600]);
    ledger.withdrawals.request({
      accountId,
      nonce,
      amountMicroUsd: random.between(1, random.pick([100, 1e6, 1e9, 3e10])),
      destination: new Uint8Array(32).fill(accountId),
      expirySeconds: Math.floor(nowMs / 1_000) + livesSeconds,
      signature: new Uint8Array(64).fill(nonce),
    });
  }
}
