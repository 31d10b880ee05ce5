import {
  AccountType,
  getPythProgramKeyForCluster,
  type PriceData,
  PriceStatus,
  parseBaseData,
  parsePriceData,
  Version2,
} from '@pythnetwork/client';
import { PublicKey } from '@solana/web3.js';
import { publishTimeMsOf } from '../pyth/price-message.js';
import { UpdateError } from '../pyth/update-error.js';
import type { AccountKind, AccountPrice, AccountState } from './account-kind.js';

/** Pyth's own program on its own chain, Pythnet. */
export const PYTHNET_PROGRAM = getPythProgramKeyForCluster('pythnet');
/** Up to the aggregate's end; components of publishers follow. */
const BYTES_MIN = 240;

/** Price accounts of Pythnet: a feed id is the address of its account there. */
export const pythnetAccounts: AccountKind = {
  addressOf: (feedId) => new PublicKey(Buffer.from(feedId, 'hex')),
  read: readPythnetPrice,
};

/**
 * Believes an account or not: owner, magic, version, type, and that its publishers agree on a price at the moment. The account does not name its
 * feed; that it lies at the feed's address does. Throws an UpdateError.
 */
export function readPythnetPrice({ owner, data }: AccountState, feedId: string): AccountPrice {
  if (!owner.equals(PYTHNET_PROGRAM)) {
    const sentence = `owner must be ${PYTHNET_PROGRAM.toBase58()}, but is ${owner.toBase58()}`;
    throw new UpdateError('account_owner_is_foreign', sentence);
  }
  const price = parse(data);
  const { aggregate, emaPrice, emaConfidence, exponent } = price;
  if (aggregate.status !== PriceStatus.Trading) {
    const sentence = `status must be Trading, but is ${PriceStatus[aggregate.status] ?? aggregate.status}`;
    throw new UpdateError('account_is_not_trading', sentence);
  }
  return {
    feedId,
    price: aggregate.priceComponent,
    confidence: aggregate.confidenceComponent,
    exponent,
    publishTimeMs: publishTimeMsOf(price.timestamp),
    emaPrice: emaPrice.valueComponent,
    emaConfidence: emaConfidence.valueComponent,
    slot: BigInt(aggregate.publishSlot),
  };
}

function parse(data: Buffer): PriceData {
  if (data.length < BYTES_MIN) {
    const sentence = `it must have at least ${BYTES_MIN} bytes, but has ${data.length}`;
    throw new UpdateError('account_is_malformed', sentence);
  }
  const base = parseBaseData(data);
  if (base?.version !== Version2 || base.type !== AccountType.Price) {
    const found =
      base === undefined ? 'another magic' : `version ${base.version}, type ${base.type}`;
    const sentence = `it must be a price account of version ${Version2}, but has ${found}`;
    throw new UpdateError('account_is_malformed', sentence);
  }
  try {
    return parsePriceData(data);
  } catch (error) {
    // It reads as many publishers as the account claims to have.
    throw new UpdateError('account_is_malformed', (error as Error).message);
  }
}
