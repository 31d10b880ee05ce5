import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';

export const SLOT_MS = 400;
/** A transaction may name a blockhash of this many slots before its own. */
export const BLOCKHASH_SLOTS = 150;
/** Heights count from the first block; slots begin later, so that nobody takes one for the other. */
const FIRST_SLOT = 1_000;
/** So many slots may be handed out before the log has to know of them. */
const UNKEPT_SLOTS = 16;
/** Lookup tables are created against one of these. */
const SLOT_HASHES_KEPT = 150;

/** What the log keeps of time: enough to never hand out a slot again. */
export interface KeptTime {
  slot: number;
  unixSeconds: number;
}

/**
 * Slots of 400 ms by the system's clock. A blockhash is the hash of the chain's secret seed and the
 * slot: it cannot be guessed, and after a restart it is what it was, so a transaction that was signed
 * before a crash is still valid for the rest of its 150 slots. Slots never go back: after a restart the
 * chain goes on behind every slot that it can have handed out, whatever the system's clock says.
 */
export class SlotClock {
  private readonly seed: Uint8Array;
  private readonly nowMs: () => number;
  private readonly originMs: number;
  private readonly kept: KeptTime;
  private offsetSlots = 0;
  private current = FIRST_SLOT;
  private currentSeconds = 0;
  private readonly hashes = new Map<number, string>();
  private readonly slots = new Map<string, number>();

  /** `originMs`: when the first slot began. `kept`: what the log last knew; null for a new chain. */
  constructor(
    seed: Uint8Array,
    originMs: number,
    kept: KeptTime | null,
    nowMs: () => number = Date.now,
  ) {
    this.seed = seed;
    this.nowMs = nowMs;
    this.originMs = originMs;
    this.kept = { slot: kept?.slot ?? FIRST_SLOT - 1, unixSeconds: kept?.unixSeconds ?? 0 };
    const lowest = kept === null ? FIRST_SLOT : kept.slot + UNKEPT_SLOTS;
    this.current = lowest;
    this.advance();
  }

  /** Looks at the clock. Call it once at the beginning of each request: within one, time stands. */
  advance(): void {
    // A clock that was set back must not stop the chain: its slots go on from where they are.
    this.offsetSlots = Math.max(this.offsetSlots, this.current - this.slotByClock());
    this.current = this.slotByClock() + this.offsetSlots;
    const seconds = Math.floor(this.nowMs() / 1000);
    this.currentSeconds = Math.max(this.currentSeconds, this.kept.unixSeconds, seconds);
    for (let slot = this.current; slot > this.current - SLOT_HASHES_KEPT - 1; slot--) {
      if (slot < FIRST_SLOT || this.hashes.has(slot)) break;
      const hash = this.computeHash(slot);
      this.hashes.set(slot, hash);
      this.slots.set(hash, slot);
    }
    for (const [slot, hash] of this.hashes) {
      if (slot >= this.current - BLOCKHASH_SLOTS) continue;
      this.hashes.delete(slot);
      this.slots.delete(hash);
    }
  }

  get slot(): number {
    return this.current;
  }

  get unixSeconds(): number {
    return this.currentSeconds;
  }

  get blockHeight(): number {
    return this.heightOf(this.current);
  }

  heightOf(slot: number): number {
    return slot - FIRST_SLOT;
  }

  get blockhash(): string {
    return this.hashes.get(this.current) as string;
  }

  /** Null: the slot is too old, or still to come. */
  hashAt(slot: number): string | null {
    return this.hashes.get(slot) ?? null;
  }

  /** Slot of a blockhash that is still valid, null otherwise. */
  slotOf(blockhash: string): number | null {
    return this.slots.get(blockhash) ?? null;
  }

  /** The last height at which a transaction with this blockhash is taken. */
  lastValidHeight(slotOfHash: number): number {
    return this.heightOf(slotOfHash) + BLOCKHASH_SLOTS;
  }

  /** Newest first. */
  recentHashes(): { slot: number; hash: string }[] {
    return [...this.hashes].map(([slot, hash]) => ({ slot, hash })).sort((a, b) => b.slot - a.slot);
  }

  /** True when the log has to learn of the time before anything is answered. */
  get mustKeep(): boolean {
    return this.current >= this.kept.slot + UNKEPT_SLOTS;
  }

  /** The log has a record with the present slot and time. */
  noteKept(): KeptTime {
    this.kept.slot = this.current;
    this.kept.unixSeconds = this.currentSeconds;
    return { ...this.kept };
  }

  private slotByClock(): number {
    return FIRST_SLOT + Math.floor((this.nowMs() - this.originMs) / SLOT_MS);
  }

  private computeHash(slot: number): string {
    const hash = createHash('sha256').update('plimsoll embedded blockhash');
    return base58.encode(hash.update(this.seed).update(String(slot)).digest());
  }
}
