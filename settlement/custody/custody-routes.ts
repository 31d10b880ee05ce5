import { base58 } from '@scure/base';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { Route } from './custody-server.js';
import { usdText } from './usd-text.js';
import { type WithdrawalRequests, wholeNumber } from './withdrawal-requests.js';

export interface CustodyFacts {
  /** Program, exchange, mint and vault on chain, base58. */
  readonly program: string;
  readonly exchange: string;
  readonly mint: string;
  readonly vault: string;
  /** Where a test chain can be asked; null: a real one, which everybody reaches in his own way. */
  readonly rpcUrl: string | null;
  /** Test money, which costs nothing. */
  readonly isTestChain: boolean;
}

const ACCOUNT_ID_MAX = 2 ** 32 - 1;
const LISTED_MAX = 100;

/** What the door of deposits and withdrawals answers; settlement/custody/README.md has the whole list. */
export function custodyRoutes(
  facts: CustodyFacts,
  ledger: SettlementLedger,
  withdrawals: WithdrawalRequests,
): Route[] {
  return [
    { method: 'GET', path: '/v1/custody', answer: () => ({ ...facts, ...settledOf(ledger) }) },
    {
      method: 'GET',
      path: '/v1/accounts/:owner',
      answer: ({ values }) => ({ data: accountsOf(ledger, values.owner ?? '') }),
    },
    {
      method: 'POST',
      path: '/v1/withdrawals',
      answer: ({ body }) => withdrawals.request(body),
    },
    {
      method: 'GET',
      path: '/v1/withdrawals',
      answer: ({ values }) => withdrawals.ofAccount(values.accountId),
    },
    {
      method: 'GET',
      path: '/v1/withdrawals/:id',
      answer: ({ values }) => withdrawals.one(values.id),
    },
    {
      method: 'GET',
      path: '/v1/deposits',
      answer: ({ values }) => ({ data: depositsOf(ledger, values.accountId) }),
    },
  ];
}

function settledOf(ledger: SettlementLedger): object {
  const { batch, lagItems, lagSeconds, isHalted } = ledger.progress();
  return { settledBatch: batch.settled, lagItems, lagSeconds, isHalted };
}

function accountsOf(ledger: SettlementLedger, owner: string): object[] {
  let key: Uint8Array;
  try {
    key = base58.decode(owner);
  } catch {
    return [];
  }
  return ledger.catalogue.accountsOfOwner(key).map(({ accountId, isOnChain }) => {
    return { accountId, isOnChain };
  });
}

function depositsOf(ledger: SettlementLedger, accountText: string | undefined): object[] {
  const accountId = wholeNumber('accountId', accountText, ACCOUNT_ID_MAX);
  return ledger.deposits.listOfAccount(accountId, LISTED_MAX).map((deposit) => ({
    signature: deposit.signature,
    index: deposit.eventIndex,
    amount: usdText(deposit.amountMicroUsd),
    state: deposit.state,
    reason: deposit.reason,
    seenAt: deposit.seenAtMs,
    changedAt: deposit.changedAtMs,
  }));
}
