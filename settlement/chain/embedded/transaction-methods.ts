import { base58 } from '@scure/base';
import { ComputeBudgetProgram, VersionedMessage, type VersionedTransaction } from '@solana/web3.js';
import { TRANSACTION_BYTES_MAX } from '../limits.js';
import { encodeAccount } from './account-methods.js';
import {
  commitmentOf,
  hasReached,
  type RpcContext,
  type RpcMethods,
  withContext,
} from './rpc-context.js';
import {
  INVALID_PARAMS,
  PREFLIGHT_FAILED,
  RpcError,
  SIGNATURE_VERIFICATION_FAILED,
} from './rpc-error.js';
import type { RpcConfig, RpcParams } from './rpc-params.js';
import type { TransactionEntry } from './transaction-entry.js';
import { describeTransactionError } from './transaction-error.js';
import { parseTransaction } from './virtual-machine.js';

const STATUSES_A_CALL = 256;
const SIGNATURES_A_CALL = 1_000;
const LAMPORTS_A_SIGNATURE = 5_000;

export const transactionMethods: RpcMethods = {
  sendTransaction: (context, params) => {
    const config = params.config(1);
    const wire = readWire(params.text(0), config.text('encoding') ?? 'base58');
    return send(context, wire, config.flag('skipPreflight'));
  },
  simulateTransaction: (context, params) => {
    const config = params.config(1);
    const wire = readWire(params.text(0), config.text('encoding') ?? 'base58');
    return withContext(context, simulate(context, wire, config));
  },
  getSignatureStatuses: (context, params) => {
    const statuses = params.signatures(0, STATUSES_A_CALL).map((signature) => {
      const entry = context.chain.transaction(signature);
      return entry === null ? null : statusJson(context, entry);
    });
    return withContext(context, statuses);
  },
  getSignaturesForAddress: (context, params) => listSignatures(context, params),
  getTransaction: (context, params) => {
    const config = params.config(1);
    const entry = context.chain.transaction(params.signature(0));
    if (entry === null || !hasReached(context, entry, config.commitment())) return null;
    return transactionJson(entry, config);
  },
  getFeeForMessage: (context, params) => {
    const message = readMessage(params.text(0));
    const isValid = context.chain.clock.slotOf(message.recentBlockhash) !== null;
    return withContext(context, isValid ? feeOf(message) : null);
  },
  getRecentPrioritizationFees: ({ chain }) => [{ slot: chain.clock.slot, prioritizationFee: 0 }],
};

function send(context: RpcContext, wire: Buffer, skipPreflight: boolean): string {
  const transaction = parseTransaction(wire);
  const signature = base58.encode(transaction.signatures[0] as Uint8Array);
  if (!skipPreflight) {
    const refused = context.chain.refusalOf(transaction);
    const result =
      refused === null
        ? context.chain.vm.simulate(wire, true)
        : { err: refused, logs: [], computeUnits: 0, returnData: null };
    if (result.err !== null) throw preflightError(result);
  }
  // Without preflight a node passes on what will never be taken in, and says nothing.
  context.chain.submit(wire);
  return signature;
}

interface Simulated {
  err: TransactionEntry['err'];
  logs: string[];
  computeUnits: number;
  returnData: TransactionEntry['returnData'];
}

function preflightError({ err, logs, computeUnits, returnData }: Simulated): RpcError {
  if (err === 'SignatureFailure') {
    return new RpcError(
      SIGNATURE_VERIFICATION_FAILED,
      'Transaction signature verification failure',
    );
  }
  const sentence = describeTransactionError(err as NonNullable<TransactionEntry['err']>);
  const message = `Transaction simulation failed: ${sentence}`;
  const data = { err, logs, accounts: null, unitsConsumed: computeUnits, returnData };
  return new RpcError(PREFLIGHT_FAILED, message, data);
}

function simulate(context: RpcContext, wire: Buffer, config: RpcConfig) {
  const transaction = parseTransaction(wire);
  const { chain } = context;
  const replace = config.flag('replaceRecentBlockhash');
  const wanted = config.object('accounts');
  const addresses = wanted?.keys('addresses');
  const isKnown = replace || chain.clock.slotOf(transaction.message.recentBlockhash) !== null;
  const result = isKnown
    ? chain.vm.simulate(wire, config.flag('sigVerify'), addresses)
    : { err: 'BlockhashNotFound', logs: [], computeUnits: 0, returnData: null, after: new Map() };
  const accounts = addresses?.map((key) => {
    const account = result.after.get(key) ?? chain.vm.account(key);
    return account === null ? null : encodeAccount(account, wanted as RpcConfig);
  });
  return {
    err: result.err,
    logs: result.logs,
    accounts: accounts ?? null,
    unitsConsumed: result.computeUnits,
    returnData: result.returnData,
    innerInstructions: null,
  };
}

function statusJson(context: RpcContext, entry: TransactionEntry) {
  const confirmationStatus = commitmentOf(context, entry);
  const isFinal = confirmationStatus === 'finalized';
  return {
    slot: entry.slot,
    confirmations: isFinal ? null : context.chain.clock.slot - entry.slot,
    err: entry.err,
    status: entry.err === null ? { Ok: null } : { Err: entry.err },
    confirmationStatus,
  };
}

/** Newest first. An `until` that is not known limits nothing; behind an unknown `before` there is nothing. */
function listSignatures(context: RpcContext, params: RpcParams) {
  const config = params.config(1);
  const limit = config.integer('limit', 1, SIGNATURES_A_CALL) ?? SIGNATURES_A_CALL;
  const recordOf = (name: string) => {
    const signature = config.text(name);
    return signature === undefined ? undefined : context.chain.transaction(signature)?.record;
  };
  const before = config.has('before') ? recordOf('before') : Number.MAX_SAFE_INTEGER;
  if (before === undefined) return [];
  const commitment = config.commitment();
  return context.chain
    .touching(params.key(0), before, recordOf('until') ?? 0, limit)
    .filter((entry) => hasReached(context, entry, commitment))
    .map((entry) => ({
      signature: entry.signature,
      slot: entry.slot,
      err: entry.err,
      memo: null,
      blockTime: entry.blockTime,
      confirmationStatus: commitmentOf(context, entry),
    }));
}

function transactionJson(entry: TransactionEntry, config: RpcConfig) {
  const transaction = parseTransaction(Buffer.from(entry.wire, 'base64'));
  const isBase64 = config.text('encoding') === 'base64';
  const { keys, loadedWritable } = entry;
  const staticCount = keys.length - loadedWritable - entry.loadedReadonly;
  if (transaction.version !== 'legacy' && !config.has('maxSupportedTransactionVersion')) {
    const sentence = `Transaction version (${transaction.version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${transaction.version}`;
    throw new RpcError(-32015, sentence);
  }
  return {
    slot: entry.slot,
    blockTime: entry.blockTime,
    version: transaction.version,
    transaction: isBase64 ? [entry.wire, 'base64'] : transactionBody(transaction),
    meta: {
      err: entry.err,
      status: entry.err === null ? { Ok: null } : { Err: entry.err },
      fee: entry.feeLamports,
      preBalances: entry.preBalances,
      postBalances: entry.postBalances,
      preTokenBalances: entry.tokenBalances.pre,
      postTokenBalances: entry.tokenBalances.post,
      innerInstructions: entry.innerInstructions,
      logMessages: entry.logs,
      computeUnitsConsumed: entry.computeUnits,
      rewards: [],
      loadedAddresses: {
        writable: keys.slice(staticCount, staticCount + loadedWritable),
        readonly: keys.slice(staticCount + loadedWritable),
      },
      ...(entry.returnData === null ? {} : { returnData: entry.returnData }),
    },
  };
}

function transactionBody(transaction: VersionedTransaction) {
  const { message } = transaction;
  const lookups = message.addressTableLookups.map((lookup) => ({
    accountKey: lookup.accountKey.toBase58(),
    writableIndexes: [...lookup.writableIndexes],
    readonlyIndexes: [...lookup.readonlyIndexes],
  }));
  return {
    signatures: transaction.signatures.map((signature) => base58.encode(signature)),
    message: {
      header: message.header,
      accountKeys: message.staticAccountKeys.map((key) => key.toBase58()),
      recentBlockhash: message.recentBlockhash,
      instructions: message.compiledInstructions.map((instruction) => ({
        programIdIndex: instruction.programIdIndex,
        accounts: [...instruction.accountKeyIndexes],
        data: base58.encode(instruction.data),
      })),
      ...(transaction.version === 0 ? { addressTableLookups: lookups } : {}),
    },
  };
}

function readWire(text: string, encoding: string): Buffer {
  const wire = decodeText(text, encoding);
  if (wire.length <= TRANSACTION_BYTES_MAX) return wire;
  const sentence = `${encoding} encoded solana_transaction::versioned::VersionedTransaction too large: ${wire.length} bytes (max: encoded/raw 1644/${TRANSACTION_BYTES_MAX})`;
  throw new RpcError(INVALID_PARAMS, sentence);
}

function decodeText(text: string, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(text, 'base64');
  if (encoding !== 'base58') {
    throw new RpcError(INVALID_PARAMS, `unsupported encoding: ${encoding}`);
  }
  try {
    return Buffer.from(base58.decode(text));
  } catch (error) {
    throw new RpcError(INVALID_PARAMS, `invalid base58 encoding: ${(error as Error).message}`);
  }
}

function readMessage(text: string): VersionedMessage {
  try {
    return VersionedMessage.deserialize(Buffer.from(text, 'base64'));
  } catch (error) {
    throw new RpcError(
      INVALID_PARAMS,
      `failed to deserialize message: ${(error as Error).message}`,
    );
  }
}

/** 5,000 lamports for each signature and the priority fee; each instruction without a limit counts 200,000 units. */
function feeOf(message: VersionedMessage): number {
  let microLamports = 0n;
  let limit: bigint | null = null;
  let others = 0n;
  for (const instruction of message.compiledInstructions) {
    const program = message.staticAccountKeys[instruction.programIdIndex];
    const data = Buffer.from(instruction.data);
    if (program?.equals(ComputeBudgetProgram.programId) !== true) others += 1n;
    else if (data[0] === SET_LIMIT) limit = BigInt(data.readUInt32LE(1));
    else if (data[0] === SET_PRICE) microLamports = data.readBigUInt64LE(1);
  }
  const units = limit ?? others * 200_000n;
  const priority = (microLamports * units + 999_999n) / 1_000_000n;
  return LAMPORTS_A_SIGNATURE * message.header.numRequiredSignatures + Number(priority);
}

/** First byte of the instructions of the compute budget program. */
const SET_LIMIT = 2;
const SET_PRICE = 3;
