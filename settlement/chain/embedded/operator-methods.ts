import type { ChainAccount } from './account-change.js';
import type { Faucet } from './faucet.js';
import type { RpcMethods } from './rpc-context.js';
import { INVALID_PARAMS, RpcError } from './rpc-error.js';
import { asKey, type RpcParams } from './rpc-params.js';

/** An account of a test chain has no more, and an airdrop gives no more than a thousand SOL. */
const LAMPORTS_MAX = 1_000_000_000_000_000;
const AIRDROP_LAMPORTS_MAX = 1_000_000_000_000;
const ACCOUNTS_A_CALL = 100;
const ACCOUNT_BYTES_MAX = 10 * 1024 * 1024;

/** Airdrops are open to all, as on a test network. */
export function faucetMethods(faucet: Faucet): RpcMethods {
  return {
    requestAirdrop: (_context, params) =>
      faucet.giveLamports(params.key(0), BigInt(params.integer(1, 1, AIRDROP_LAMPORTS_MAX))),
  };
}

/** What no other chain has. They need the chain's token: who can write accounts can write money. */
export function operatorMethods(faucet: Faucet): RpcMethods {
  return {
    /** Owner, micro-USDC as a decimal string → signature and token account. */
    plimsoll_giveTestUsdc: (_context, params) =>
      faucet.giveTestUsdc(params.key(0), readAmount(params, 1)),
    /** [{ address, owner, lamports?, data: base64 } or { address, remove: true }, …] → number of accounts. */
    plimsoll_setAccounts: ({ chain }, params) => {
      const accounts = params
        .list(0, ACCOUNTS_A_CALL)
        .map((value) => readAccount(value, (bytes) => chain.vm.minimumBalance(bytes)));
      chain.setAccounts(accounts);
      return accounts.length;
    },
    /** Program id, ELF file in base64 → its bytes. */
    plimsoll_deployProgram: ({ chain }, params) => {
      const elf = Buffer.from(params.text(1), 'base64');
      if (elf.readUInt32BE(0) !== ELF_MAGIC) {
        throw new RpcError(INVALID_PARAMS, 'Invalid params: parameter 1 must be an ELF file');
      }
      chain.addProgram(params.key(0), elf);
      return elf.length;
    },
    plimsoll_describe: ({ chain }) => ({
      genesisHash: chain.genesis.hash,
      testUsdcMint: chain.genesis.testUsdcMint,
      faucet: chain.genesis.faucet.publicKey.toBase58(),
      programs: Object.fromEntries(chain.programHashes),
      notices: chain.notices,
    }),
  };
}

const ELF_MAGIC = 0x7f454c46;

function readAmount(params: RpcParams, index: number): bigint {
  const text = params.text(index);
  if (/^[1-9]\d{0,18}$/.test(text)) return BigInt(text);
  const sentence = `parameter ${index} must be a whole number of micro-USDC from 1, as a string`;
  throw new RpcError(INVALID_PARAMS, `Invalid params: ${sentence}`);
}

function readAccount(
  value: unknown,
  minimumBalance: (bytes: number) => bigint,
): { address: string; account: ChainAccount | null } {
  const fields = (value ?? {}) as Record<string, unknown>;
  const address = asKey(fields.address, 'address');
  if (fields.remove === true) return { address, account: null };
  const owner = asKey(fields.owner, 'owner');
  if (typeof fields.data !== 'string') {
    throw new RpcError(INVALID_PARAMS, 'Invalid params: data must be base64');
  }
  const data = Buffer.from(fields.data, 'base64');
  if (data.length > ACCOUNT_BYTES_MAX) {
    const sentence = `data has ${data.length} bytes, at most ${ACCOUNT_BYTES_MAX} are allowed`;
    throw new RpcError(INVALID_PARAMS, `Invalid params: ${sentence}`);
  }
  const lamports = fields.lamports ?? Number(minimumBalance(data.length));
  if (!Number.isSafeInteger(lamports) || !isWithin(lamports as number, 1, LAMPORTS_MAX)) {
    throw new RpcError(
      INVALID_PARAMS,
      `Invalid params: lamports must be a whole number 1..${LAMPORTS_MAX}`,
    );
  }
  const account = { lamports: BigInt(lamports as number), owner, executable: false, data };
  return { address, account };
}

function isWithin(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
