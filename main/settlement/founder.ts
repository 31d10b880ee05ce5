import { PublicKey } from '@solana/web3.js';
import { exchangeAddress } from '../../settlement/program/addresses.js';

export interface FounderClues {
  /** From the configuration, base58. */
  readonly configured: string | null;
  /** What the settlement has noted when it ran before, base58. */
  readonly noted: string | null;
  /** Who makes the exchange when there is none. */
  readonly admin: PublicKey | null;
  /** The exchange that the ledger belongs to, base58. */
  readonly bound: string | null;
}

/**
 * Who made the exchange: its address follows from his key for good, whoever administers it today. So a new administrator's key must not
 * lead to another exchange, and a ledger must not be settled into one that it does not belong to.
 *
 * @throws Error when nothing tells, or something else is told than the ledger knows
 */
export function founderOf({ configured, noted, admin, bound }: FounderClues): PublicKey {
  const address = configured ?? noted ?? admin?.toBase58();
  if (address === undefined) {
    throw new Error(
      'settlement.founder must be set: there is neither a note of who made the exchange nor the key of an administrator who makes one',
    );
  }
  const founder = new PublicKey(address);
  const exchange = exchangeAddress(founder).toBase58();
  if (bound === null || bound === exchange) return founder;
  throw new Error(
    `settlement.founder must be who made ${bound}, to which the ledger belongs, but ${address} has made ${exchange}`,
  );
}
