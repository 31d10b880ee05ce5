import { base58 } from '@scure/base';
import type { Connection, PublicKey } from '@solana/web3.js';
import { decodeForced, type ForcedState } from '../program/accounts.js';
import { forcedAddress, PROGRAM_ID } from '../program/addresses.js';
import { discriminator } from '../program/discriminator.js';
import { NoEndpointError } from './endpoint-fault.js';
import type { EndpointPool } from './endpoint-pool.js';

/** A request as endpoints show it. */
export interface ShownRequest extends ForcedState {
  /** As many endpoints as must agree show it, with this amount. */
  isAgreed: boolean;
  /** It was there at this slot, or before; with one endpoint that must be believed, as that one says. */
  seenAtSlot: number;
}

/** Names a request. The chain only ever lowers its amount: a larger one is another request, made within the same second. */
export interface RequestToFind {
  accountId: number;
  requestedAtSeconds: bigint;
  amountMicroUsd: bigint;
}

/**
 * What endpoints say of requests that owners have made on the chain. One that only some of them show is told, too: whoever overlooks a
 * request risks the freeze; and none of them alone is believed that one is gone.
 */
export class ForcedReader {
  private readonly pool: EndpointPool;
  private readonly exchange: PublicKey;

  constructor(pool: EndpointPool, exchange: PublicKey) {
    this.pool = pool;
    this.exchange = exchange;
  }

  /** Every request that any endpoint shows, oldest first. Rejects with NoEndpointError when none answers. */
  async shown(): Promise<ShownRequest[]> {
    const answers = await this.pool.askAll((connection) => this.listOf(connection));
    if (answers.length === 0) throw new NoEndpointError(['all of them rest']);
    const groups = new Map<string, { request: ForcedState; slots: number[] }>();
    for (const { slot, requests } of answers.map(({ answer }) => answer)) {
      for (const request of requests) {
        const { accountId, requestedAtSeconds, amountMicroUsd } = request;
        const key = `${accountId} ${requestedAtSeconds} ${amountMicroUsd}`;
        const group = groups.get(key) ?? { request, slots: [] };
        group.slots.push(slot);
        groups.set(key, group);
      }
    }
    const shown = [...groups.values()].map(({ request, slots }) => {
      const seenAtSlot = this.agreedSlot(slots);
      return { ...request, isAgreed: seenAtSlot !== null, seenAtSlot: seenAtSlot ?? 0 };
    });
    return shown.sort((a, b) => Number(a.requestedAtSeconds - b.requestedAtSeconds));
  }

  /** The request of an account as the first endpoint shows it that answers; null: it has none. */
  async find(accountId: number): Promise<ForcedState | null> {
    const { request } = await this.pool.ask((connection) => this.requestAt(connection, accountId));
    return request;
  }

  /** A slot at which it is gone, as enough endpoints say; null: it is not, or too few say so. */
  async goneSlot(wanted: RequestToFind): Promise<number | null> {
    const answers = await this.pool.askAll((connection) => {
      return this.requestAt(connection, wanted.accountId);
    });
    const gone = answers.filter(({ answer }) => !isSameRequest(answer.request, wanted));
    return this.agreedSlot(gone.map(({ answer }) => answer.slot));
  }

  /** The earliest slot that enough of them have reached: one of them is right about it. Null: they are too few. */
  private agreedSlot(slots: readonly number[]): number | null {
    return [...slots].sort((a, b) => a - b)[this.pool.agreement - 1] ?? null;
  }

  private async requestAt(connection: Connection, accountId: number) {
    const address = forcedAddress(this.exchange, accountId);
    const { context, value } = await connection.getAccountInfoAndContext(address, this.commitment);
    const isOpen = value?.owner.equals(PROGRAM_ID) === true;
    return { slot: context.slot, request: isOpen ? decodeForced(value.data) : null };
  }

  private async listOf(connection: Connection) {
    const mark = Buffer.concat([discriminator('account', 'Forced'), this.exchange.toBytes()]);
    const filters = [{ memcmp: { offset: 0, bytes: base58.encode(mark) } }];
    const options = { commitment: this.commitment, filters, withContext: true } as const;
    const { context, value } = await connection.getProgramAccounts(PROGRAM_ID, options);
    return { slot: context.slot, requests: value.map(({ account }) => decodeForced(account.data)) };
  }

  private get commitment(): 'confirmed' | 'finalized' {
    return this.pool.commitment === 'finalized' ? 'finalized' : 'confirmed';
  }
}

function isSameRequest(found: ForcedState | null, wanted: RequestToFind): boolean {
  return (
    found !== null &&
    found.requestedAtSeconds === wanted.requestedAtSeconds &&
    found.amountMicroUsd <= wanted.amountMicroUsd
  );
}
