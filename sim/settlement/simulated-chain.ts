import type { Xorshift } from '../../engine/testing/xorshift.js';
import { ChainState } from './chain-state.js';

/** Changes the state, or gives the reason why it does not and leaves it as it was. */
export type Apply = (state: ChainState, nowSeconds: number, signature: string) => string | null;

export interface ChainTransaction {
  readonly signature: string;
  readonly lastValidHeight: number;
  readonly apply: Apply;
}

interface Block {
  readonly height: number;
  readonly nowSeconds: number;
  readonly state: ChainState;
  readonly transactions: readonly ChainTransaction[];
  /** Of each transaction: why it failed, null when it did not. */
  readonly results: ReadonlyMap<string, string | null>;
}

export type TransactionFate =
  | { readonly kind: 'executed'; readonly height: number; readonly error: string | null }
  | { readonly kind: 'expired' }
  | { readonly kind: 'open' };

/** Blocks that a fork may still take back. */
const CONFIRMATIONS = 3;

/**
 * A chain: transactions that wait, blocks that take some of them in whatever order, the newest of which a fork may replace, and nodes
 * that may not be reached. Its clock is not that of the others.
 */
export class SimulatedChain {
  readonly counts = {
    chainExecuted: 0,
    chainFailed: 0,
    chainLost: 0,
    chainExpired: 0,
    chainForks: 0,
    chainTakenBack: 0,
    chainBatchesTakenBack: 0,
    chainDown: 0,
    chainStalePrices: 0,
  };
  hasFaults: boolean;
  private readonly random: Xorshift;
  private readonly skewSeconds: number;
  private waiting: ChainTransaction[] = [];
  private blocks: Block[];
  private readonly final = new Map<string, TransactionFate>();
  private downSteps = 0;
  private numbers = 0;

  constructor(random: Xorshift, hasFaults: boolean, startMs: number) {
    this.random = random;
    this.hasFaults = hasFaults;
    this.skewSeconds = random.between(-3, 3);
    const nowSeconds = this.secondsAt(startMs);
    const none = { transactions: [], results: new Map() };
    this.blocks = [{ height: 1, nowSeconds, state: new ChainState(), ...none }];
  }

  get isDown(): boolean {
    return this.downSteps > 0;
  }

  /** What no fork can take back any more. */
  get finalized(): ChainState {
    return (this.blocks[0] as Block).state;
  }

  get finalizedSeconds(): number {
    return (this.blocks[0] as Block).nowSeconds;
  }

  /** With what is confirmed and may still be taken back. */
  get tip(): ChainState {
    return this.newest.state;
  }

  get height(): number {
    return this.newest.height;
  }

  get isQuiet(): boolean {
    return this.waiting.length === 0 && this.tip === this.finalized;
  }

  newSignature(): string {
    return `signature-${++this.numbers}`;
  }

  /** Whether it would succeed now. */
  simulate(apply: Apply): string | null {
    const { state, nowSeconds } = this.newest;
    const failure = apply(state.clone(), nowSeconds, 'simulation');
    if (failure === 'stalePrice') this.counts.chainStalePrices++;
    return failure;
  }

  submit(transaction: ChainTransaction): void {
    if (this.hasFaults && this.random.chance(12)) this.counts.chainLost++;
    else this.waiting.push(transaction);
  }

  /** `isConfirmedEnough`: a block that a fork may still take back counts as well. */
  fateOf(signature: string, lastValidHeight: number, isConfirmedEnough: boolean): TransactionFate {
    const known = this.final.get(signature);
    if (known !== undefined) return known;
    const block = this.blocks.find(({ results }) => results.has(signature));
    if (isConfirmedEnough && block !== undefined) {
      const error = block.results.get(signature) ?? null;
      return { kind: 'executed', height: block.height, error };
    }
    if ((this.blocks[0] as Block).height > lastValidHeight) {
      this.counts.chainExpired++;
      return { kind: 'expired' };
    }
    return { kind: 'open' };
  }

  step(nowMs: number): void {
    const { random } = this;
    if (this.downSteps > 0) this.downSteps--;
    else if (this.hasFaults && random.chance(1)) {
      this.downSteps = random.between(2, 30);
      this.counts.chainDown++;
    }
    if (this.hasFaults && random.chance(7)) this.fork();
    if (random.chance(70)) this.addBlock(nowMs);
  }

  private addBlock(nowMs: number): void {
    const { newest, random } = this;
    const height = newest.height + 1;
    const nowSeconds = Math.max(newest.nowSeconds, this.secondsAt(nowMs));
    const taken: ChainTransaction[] = [];
    const left: ChainTransaction[] = [];
    for (const transaction of this.waiting) {
      if (height > transaction.lastValidHeight) continue;
      if (this.hasFaults && random.chance(30)) left.push(transaction);
      else taken.splice(random.below(taken.length + 1), 0, transaction);
    }
    this.waiting = left;
    const state = taken.length === 0 ? newest.state : newest.state.clone();
    const results = new Map<string, string | null>();
    for (const { signature, apply } of taken) {
      results.set(signature, apply(state, nowSeconds, signature));
    }
    this.blocks.push({ height, nowSeconds, state, transactions: taken, results });
    if (this.blocks.length > CONFIRMATIONS) this.finalize();
  }

  private finalize(): void {
    this.blocks.shift();
    const { height, results } = this.blocks[0] as Block;
    for (const [signature, error] of results) {
      this.final.set(signature, { kind: 'executed', height, error });
      if (error === null) this.counts.chainExecuted++;
      else this.counts.chainFailed++;
    }
  }

  /** The newest blocks are others; what was in them waits again or is forgotten. */
  private fork(): void {
    const depth = this.random.between(1, CONFIRMATIONS - 1);
    const gone = this.blocks.splice(Math.max(1, this.blocks.length - depth));
    const transactions = gone.flatMap((block) => block.transactions);
    if (transactions.length === 0) return;
    this.counts.chainForks++;
    this.counts.chainTakenBack += transactions.length;
    const newest = gone.at(-1) as Block;
    if (newest.state.lastSequence > this.tip.lastSequence) this.counts.chainBatchesTakenBack++;
    this.waiting.push(...transactions.filter(() => this.random.chance(40)));
  }

  private get newest(): Block {
    return this.blocks.at(-1) as Block;
  }

  private secondsAt(nowMs: number): number {
    return Math.floor(nowMs / 1_000) + this.skewSeconds;
  }
}
