import { base58 } from '@scure/base';
import type { ChainAccount } from './account-change.js';
import { type RpcMethods, withContext } from './rpc-context.js';
import { INVALID_PARAMS, RpcError } from './rpc-error.js';
import type { RpcConfig } from './rpc-params.js';
import { readTokenAccount, tokenAmountJson } from './token-accounts.js';

const ACCOUNTS_A_CALL = 100;
const FILTERS_MAX = 4;
/** Nodes write no longer account as base58. */
const BASE58_BYTES_MAX = 128;
const ACCOUNT_BYTES_MAX = 10 * 1024 * 1024;

export const accountMethods: RpcMethods = {
  getAccountInfo: (context, params) => {
    const account = context.chain.vm.account(params.key(0));
    return withContext(context, encodeOrNull(account, params.config(1)));
  },
  getMultipleAccounts: (context, params) => {
    const config = params.config(1);
    const accounts = params.keys(0, ACCOUNTS_A_CALL).map((key) => context.chain.vm.account(key));
    return withContext(
      context,
      accounts.map((account) => encodeOrNull(account, config)),
    );
  },
  getProgramAccounts: (context, params) => {
    const config = params.config(1);
    const filters = config.objects('filters').map(readFilter);
    if (filters.length > FILTERS_MAX) {
      throw new RpcError(INVALID_PARAMS, `Too many filters provided; max ${FILTERS_MAX}`);
    }
    const found = context.chain.vm
      .accountsOwnedBy(params.key(0))
      .filter(({ account }) => filters.every((holds) => holds(account.data)))
      .map(({ key, account }) => ({ pubkey: key, account: encodeAccount(account, config) }));
    return config.flag('withContext') ? withContext(context, found) : found;
  },
  getBalance: (context, params) =>
    withContext(context, Number(context.chain.vm.account(params.key(0))?.lamports ?? 0n)),
  getMinimumBalanceForRentExemption: ({ chain }, params) =>
    Number(chain.vm.minimumBalance(params.integer(0, 0, ACCOUNT_BYTES_MAX))),
  getTokenAccountBalance: (context, params) => {
    const token = readTokenAccount(context.chain.vm.account(params.key(0)));
    const decimals = token === null ? null : context.chain.mintDecimals(token.mint);
    if (token === null || decimals === null) {
      throw new RpcError(INVALID_PARAMS, 'Invalid param: could not find account');
    }
    return withContext(context, tokenAmountJson(token.amount, decimals));
  },
  getTokenSupply: (context, params) => {
    const mint = params.key(0);
    const decimals = context.chain.mintDecimals(mint);
    const account = context.chain.vm.account(mint);
    if (decimals === null || account === null) {
      throw new RpcError(INVALID_PARAMS, 'Invalid param: could not find mint');
    }
    const supply = Buffer.from(account.data).readBigUInt64LE(36);
    return withContext(context, tokenAmountJson(supply, decimals));
  },
};

export function encodeAccount(account: ChainAccount, config: RpcConfig) {
  const slice = config.object('dataSlice');
  const offset = slice?.integer('offset', 0, ACCOUNT_BYTES_MAX) ?? 0;
  const length = slice?.integer('length', 0, ACCOUNT_BYTES_MAX) ?? account.data.length;
  return {
    lamports: Number(account.lamports),
    owner: account.owner,
    executable: account.executable,
    rentEpoch: 0,
    space: account.data.length,
    data: encodeData(account.data.subarray(offset, offset + length), config.text('encoding')),
  };
}

function encodeOrNull(account: ChainAccount | null, config: RpcConfig) {
  return account === null ? null : encodeAccount(account, config);
}

/** What is not known as JSON is written in base64, as nodes do. */
function encodeData(data: Uint8Array, encoding: string | undefined) {
  if (encoding === 'base64' || encoding === 'jsonParsed') {
    return [Buffer.from(data).toString('base64'), 'base64'];
  }
  if (encoding !== undefined && encoding !== 'base58' && encoding !== 'binary') {
    throw new RpcError(INVALID_PARAMS, `Invalid params: encoding ${encoding} is not served`);
  }
  if (data.length > BASE58_BYTES_MAX) {
    const sentence = `Encoded binary (base 58) data should be less than ${BASE58_BYTES_MAX} bytes, please use Base64 encoding.`;
    throw new RpcError(-32600, sentence);
  }
  return encoding === 'base58' ? [base58.encode(data), 'base58'] : base58.encode(data);
}

function readFilter(filter: RpcConfig): (data: Uint8Array) => boolean {
  const size = filter.integer('dataSize', 0, ACCOUNT_BYTES_MAX);
  if (size !== undefined) return (data) => data.length === size;
  const memcmp = filter.object('memcmp');
  if (memcmp === undefined) {
    throw new RpcError(INVALID_PARAMS, 'Invalid params: a filter is dataSize or memcmp');
  }
  const offset = memcmp.integer('offset', 0, ACCOUNT_BYTES_MAX) ?? 0;
  const text = memcmp.text('bytes') ?? '';
  const bytes =
    memcmp.text('encoding') === 'base64' ? Buffer.from(text, 'base64') : decodeBase58(text);
  return (data) =>
    Buffer.compare(Buffer.from(data.subarray(offset, offset + bytes.length)), bytes) === 0;
}

function decodeBase58(text: string): Uint8Array {
  try {
    return base58.decode(text);
  } catch {
    throw new RpcError(INVALID_PARAMS, 'Invalid params: memcmp bytes are not base58');
  }
}
