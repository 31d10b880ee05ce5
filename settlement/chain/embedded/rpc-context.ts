import type { EmbeddedChain } from './embedded-chain.js';
import type { Commitment, RpcParams } from './rpc-params.js';
import type { TransactionEntry } from './transaction-entry.js';

/** How many slots an embedded chain says that it takes until others would not change their mind. */
export interface Confirmation {
  confirmAfterSlots: number;
  finalizeAfterSlots: number;
}

/** What a method works on. */
export interface RpcContext {
  chain: EmbeddedChain;
  confirmation: Confirmation;
}

export type RpcMethod = (context: RpcContext, params: RpcParams) => unknown;
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

const RANK: Readonly<Record<Commitment, number>> = { processed: 0, confirmed: 1, finalized: 2 };

export function withContext({ chain }: RpcContext, value: unknown) {
  return { context: { slot: chain.clock.slot, apiVersion: '2.0.0' }, value };
}

export function commitmentOf(context: RpcContext, entry: TransactionEntry): Commitment {
  const { confirmAfterSlots, finalizeAfterSlots } = context.confirmation;
  const depth = context.chain.clock.slot - entry.slot;
  if (depth >= finalizeAfterSlots) return 'finalized';
  return depth >= confirmAfterSlots ? 'confirmed' : 'processed';
}

export function hasReached(context: RpcContext, entry: TransactionEntry, wanted: Commitment) {
  return RANK[commitmentOf(context, entry)] >= RANK[wanted];
}

/** The newest slot of which the chain says that it has this commitment. */
export function slotAt(context: RpcContext, commitment: Commitment): number {
  const { confirmAfterSlots, finalizeAfterSlots } = context.confirmation;
  const behind = { processed: 0, confirmed: confirmAfterSlots, finalized: finalizeAfterSlots };
  return context.chain.clock.slot - behind[commitment];
}
