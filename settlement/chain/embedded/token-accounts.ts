import { base58 } from '@scure/base';
import type { ChainAccount } from './account-change.js';
import type { TokenAmountJson, TokenBalanceJson } from './transaction-entry.js';

export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
const MINT_BYTES = 82;
const TOKEN_ACCOUNT_BYTES = 165;

/** Layout of an SPL token account: mint 32, owner 32, amount u64, … */
export function readTokenAccount(
  account: ChainAccount | null,
): { mint: string; owner: string; amount: bigint } | null {
  if (account?.owner !== TOKEN_PROGRAM || account.data.length !== TOKEN_ACCOUNT_BYTES) return null;
  const data = Buffer.from(account.data);
  return {
    mint: base58.encode(data.subarray(0, 32)),
    owner: base58.encode(data.subarray(32, 64)),
    amount: data.readBigUInt64LE(64),
  };
}

/** Decimals of a mint; null: the account is none. Layout: authority 36, supply u64, decimals u8, … */
export function readMintDecimals(account: ChainAccount | null): number | null {
  if (account?.owner !== TOKEN_PROGRAM || account.data.length !== MINT_BYTES) return null;
  return account.data[44] as number;
}

/** A mint that `authority` may issue, without a freeze authority. */
export function mintAccountData(authority: string, decimals: number): Buffer {
  const data = Buffer.alloc(MINT_BYTES);
  data.writeUInt32LE(1, 0);
  data.set(base58.decode(authority), 4);
  data.writeUInt8(decimals, 44);
  data.writeUInt8(1, 45);
  return data;
}

export function tokenAmountJson(amount: bigint, decimals: number): TokenAmountJson {
  const digits = String(amount).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  const uiAmountString = fraction === '' ? whole : `${whole}.${fraction}`;
  return { amount: String(amount), decimals, uiAmount: Number(uiAmountString), uiAmountString };
}

/** Token balances of the accounts of a transaction, as `getTransaction` lists them. */
export function tokenBalances(
  accounts: readonly (ChainAccount | null)[],
  decimalsOf: (mint: string) => number | null,
): TokenBalanceJson[] {
  const balances: TokenBalanceJson[] = [];
  for (const [accountIndex, account] of accounts.entries()) {
    const token = readTokenAccount(account);
    const decimals = token === null ? null : decimalsOf(token.mint);
    if (token === null || decimals === null) continue;
    const uiTokenAmount = tokenAmountJson(token.amount, decimals);
    const { mint, owner } = token;
    balances.push({ accountIndex, mint, owner, programId: TOKEN_PROGRAM, uiTokenAmount });
  }
  return balances;
}
