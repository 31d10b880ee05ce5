/**
 * Accounts of a margin actor, indexed by account id. What every command needs is in a 32-byte row, two to a cache line: with
 * 100,000 accounts nearly every access misses the cache, so fewer bytes are worth more than anything else here. Public
 * keys, which only logins need, are in an array of their own.
 */
const ROW_WORDS = 8;
const ROW_SHIFT = 3;
const FLOAT_SHIFT = 2;
const F_COLLATERAL = 0;
const F_SEQUENCE = 1;
/** Bits 0–7: 1 when the account exists. Bits 8–15: fee tier. */
const W_STATUS = 4;
const W_PARENT = 5;
/** Markets (by index 0–63) in which the account has a position or open orders. */
const W_ACTIVE_LOW = 6;
const W_ACTIVE_HIGH = 7;
export const PUBLIC_KEY_WORDS = 8;

export class Accounts {
  private words: Int32Array;
  private floats: Float64Array;
  private keys: Int32Array;
  private rows: number;
  /** Highest id that was given out. */
  lastId = 0;
  private readonly byKey = new Map<string, number>();

  constructor(rows = 1024) {
    this.rows = rows;
    this.words = new Int32Array(rows * ROW_WORDS);
    this.floats = new Float64Array(this.words.buffer);
    this.keys = new Int32Array(rows * PUBLIC_KEY_WORDS);
  }

  exists(account: number): boolean {
    return (
      account > 0 &&
      account < this.rows &&
      ((this.words[(account << ROW_SHIFT) | W_STATUS] as number) & 1) !== 0
    );
  }

  /** Takes the next id. `key` points at 8 words of an Ed25519 public key, all zero for none. */
  create(parent: number, words: Int32Array, keyAt: number): number {
    this.lastId++;
    this.open(this.lastId, parent, words, keyAt);
    return this.lastId;
  }

  /** Makes the account with a given id exist (also from a snapshot). */
  open(account: number, parent: number, words: Int32Array, keyAt: number): void {
    this.ensure(account);
    const row = account << ROW_SHIFT;
    this.words[row | W_STATUS] = 1;
    this.words[row | W_PARENT] = parent;
    const key = keyText(words, keyAt);
    if (key === null) return;
    for (let i = 0; i < PUBLIC_KEY_WORDS; i++) {
      this.keys[account * PUBLIC_KEY_WORDS + i] = words[keyAt + i] as number;
    }
    this.byKey.set(key, account);
  }

  /** Account that has this key, 0 when none has it. */
  withKey(words: Int32Array, keyAt: number): number {
    const key = keyText(words, keyAt);
    return key === null ? 0 : (this.byKey.get(key) ?? 0);
  }

  collateral(account: number): number {
    return this.floats[(account << FLOAT_SHIFT) | F_COLLATERAL] as number;
  }
  addCollateral(account: number, change: number): void {
    this.floats[(account << FLOAT_SHIFT) | F_COLLATERAL]! += change;
  }
  sequence(account: number): number {
    return this.floats[(account << FLOAT_SHIFT) | F_SEQUENCE] as number;
  }
  setSequence(account: number, sequence: number): void {
    this.floats[(account << FLOAT_SHIFT) | F_SEQUENCE] = sequence;
  }
  /** Number of the account's next private event. */
  nextSequence(account: number): number {
    const at = (account << FLOAT_SHIFT) | F_SEQUENCE;
    const next = (this.floats[at] as number) + 1;
    this.floats[at] = next;
    return next;
  }
  parent(account: number): number {
    return this.words[(account << ROW_SHIFT) | W_PARENT] as number;
  }
  tier(account: number): number {
    return ((this.words[(account << ROW_SHIFT) | W_STATUS] as number) >>> 8) & 0xff;
  }
  setTier(account: number, tier: number): void {
    this.words[(account << ROW_SHIFT) | W_STATUS] = 1 | (tier << 8);
  }
  activeLow(account: number): number {
    return this.words[(account << ROW_SHIFT) | W_ACTIVE_LOW] as number;
  }
  activeHigh(account: number): number {
    return this.words[(account << ROW_SHIFT) | W_ACTIVE_HIGH] as number;
  }
  /** Whether the account has positions or orders in this market (by index) and in no other. */
  isActiveOnlyIn(account: number, market: number): boolean {
    const row = account << ROW_SHIFT;
    const low = this.words[row | W_ACTIVE_LOW] as number;
    const high = this.words[row | W_ACTIVE_HIGH] as number;
    return market < 32
      ? high === 0 && low === 1 << market
      : low === 0 && high === 1 << (market & 31);
  }
  setActive(account: number, market: number): void {
    const at = (account << ROW_SHIFT) | (market < 32 ? W_ACTIVE_LOW : W_ACTIVE_HIGH);
    this.words[at]! |= 1 << (market & 31);
  }
  clearActive(account: number, market: number): void {
    const at = (account << ROW_SHIFT) | (market < 32 ? W_ACTIVE_LOW : W_ACTIVE_HIGH);
    this.words[at]! &= ~(1 << (market & 31));
  }
  /** Copies the account's key (zeros for none). */
  copyKey(account: number, to: Int32Array, at: number): void {
    for (let i = 0; i < PUBLIC_KEY_WORDS; i++)
      to[at + i] = this.keys[account * PUBLIC_KEY_WORDS + i] as number;
  }

  private ensure(account: number): void {
    if (account < this.rows) return;
    let rows = this.rows;
    while (rows <= account) rows *= 2;
    const words = new Int32Array(rows * ROW_WORDS);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(words.buffer);
    const keys = new Int32Array(rows * PUBLIC_KEY_WORDS);
    keys.set(this.keys);
    this.keys = keys;
    this.rows = rows;
  }
}

function keyText(words: Int32Array, at: number): string | null {
  let text = '';
  let any = 0;
  for (let i = 0; i < PUBLIC_KEY_WORDS; i++) {
    const word = words[at + i] as number;
    any |= word;
    text += `${(word >>> 0).toString(16).padStart(8, '0')}`;
  }
  return any === 0 ? null : text;
}
