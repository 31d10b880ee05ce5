/** An error as the JSON-RPC of Solana writes it: a word, or an object with one. */
export type TransactionErrorJson = string | Record<string, unknown>;

export interface InnerInstructionJson {
  programIdIndex: number;
  accounts: number[];
  /** Base58. */
  data: string;
  stackHeight: number;
}

/** A transaction that the chain took in, with all that `getTransaction` tells of it. */
export interface TransactionEntry {
  /** Number of its record in the log: the order of the chain. */
  record: number;
  /** Base58, as all keys here. */
  signature: string;
  slot: number;
  /** Unix seconds. */
  blockTime: number;
  /** The signed transaction, base64. */
  wire: string;
  err: TransactionErrorJson | null;
  feeLamports: number;
  computeUnits: number;
  logs: string[];
  innerInstructions: { index: number; instructions: InnerInstructionJson[] }[];
  returnData: { programId: string; data: [string, 'base64'] } | null;
  /** Static keys, then the ones loaded from lookup tables: writable, then read only. */
  keys: string[];
  loadedWritable: number;
  loadedReadonly: number;
  preBalances: number[];
  postBalances: number[];
  tokenBalances: { pre: TokenBalanceJson[]; post: TokenBalanceJson[] };
}

export interface TokenBalanceJson {
  accountIndex: number;
  mint: string;
  owner: string;
  programId: string;
  uiTokenAmount: TokenAmountJson;
}

export interface TokenAmountJson {
  /** In the smallest unit. */
  amount: string;
  decimals: number;
  uiAmount: number;
  uiAmountString: string;
}
