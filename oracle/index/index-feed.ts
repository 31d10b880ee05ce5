import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import { aggregate, type Candidate, type LeftOut } from './aggregate.js';
import type { IndexDoubt, IndexGuards } from './guards.js';
import { MILLI } from './price-scale.js';

/** What a source has for the market at this moment: a price, or why it has none that could be one. */
export interface SourceView {
  source: string;
  view: Candidate | LeftOut;
}

/** An index price as the engine takes it. */
export interface IndexPrice {
  priceTicks: number;
  /** Rounded up. */
  confidenceTicks: number;
  publishTimeMs: number;
}

/** Why there is no index price at the moment, with what was found and the limit. */
export interface HeldBack {
  doubt: IndexDoubt;
  value: number;
  limit: number;
}

/** A decision of the feed. Sources and holds are told when they change, accepted prices each time. */
export type IndexEvent =
  | ({ kind: 'source_left_out'; source: string } & LeftOut)
  | { kind: 'source_used'; source: string }
  | ({ kind: 'index_held_back' } & HeldBack)
  | ({ kind: 'index_recovered'; rounds: number } & IndexPrice)
  | ({ kind: 'index_accepted'; sources: number } & IndexPrice);

export interface Round {
  /** Null: nothing new to tell the engine. */
  index: IndexPrice | null;
  events: IndexEvent[];
}

/**
 * The index of one market over time. Deterministic: time and sources' views come in, decisions come out.
 *
 * An index that was held back comes back after `goodRounds` rounds in a row in which enough sources agree, each with a newer publish time than the
 * one before: the first price after a gap may be the last one before it. Every feed begins held back, and after a restart of the exchange it takes
 * nothing that is not newer than what was there.
 */
export class IndexFeed {
  private readonly guards: IndexGuards;
  /** The last that was accepted; its price is not known after a restart. */
  private last: IndexPrice;
  private held: HeldBack | null = null;
  /** The index was lost, and good rounds are counted. */
  private isRecovering: boolean;
  private good = 0;
  private countedTimeMs: number;
  /** By source: why it is left out, null when used. */
  private readonly doubts = new Map<string, LeftOut | null>();

  /** `lastPublishMs`: publish time of the index that the engine has; 0: it has none. */
  constructor(guards: IndexGuards, lastPublishMs: number) {
    this.guards = guards;
    this.last = { priceTicks: 0, confidenceTicks: 0, publishTimeMs: lastPublishMs };
    this.countedTimeMs = lastPublishMs;
    this.isRecovering = guards.goodRounds > 1;
    if (this.isRecovering) {
      this.held = { doubt: 'recovering', value: 0, limit: guards.goodRounds };
    }
  }

  /** Why there is no new index price; null: there is nothing to object to. */
  get heldBack(): HeldBack | null {
    return this.held;
  }

  get lastIndex(): IndexPrice {
    return this.last;
  }

  /** Why a source is left out; null: used. Undefined: it has not been looked at yet. */
  doubtOf(source: string): LeftOut | null | undefined {
    return this.doubts.get(source);
  }

  evaluate(views: readonly SourceView[], nowMs: number): Round {
    const priced = views.filter(({ view }) => !isDoubt(view));
    const candidates = priced.map(({ view }) => view as Candidate);
    const { leftOut, used, index } = aggregate(candidates, nowMs, this.guards);
    const events: IndexEvent[] = [];
    for (const { source, view } of views) {
      if (isDoubt(view)) this.note(source, view, events);
    }
    for (const [i, { source }] of priced.entries()) {
      this.note(source, leftOut[i] as LeftOut | null, events);
    }
    if (index === null) {
      this.lose(used, events);
      return { index: null, events };
    }
    return { index: this.accept(toTicks(index), used, events), events };
  }

  /** The index price to tell, null when there is none: it is no news, too old, or not yet trusted again. */
  private accept(index: IndexPrice, sources: number, events: IndexEvent[]): IndexPrice | null {
    const { publishTimeMs } = index;
    const isRestarted = this.last.priceTicks === 0 && this.last.publishTimeMs > 0;
    const oldest = this.last.publishTimeMs + (isRestarted ? 1 : 0);
    if (publishTimeMs < oldest) {
      // Neither a good round nor a bad one.
      this.hold({ doubt: 'older_than_index', value: publishTimeMs, limit: oldest }, events);
      return null;
    }
    if (this.isRecovering) {
      if (publishTimeMs <= this.countedTimeMs) return null;
      this.countedTimeMs = publishTimeMs;
      this.good++;
      const { goodRounds } = this.guards;
      if (this.good < goodRounds) {
        this.hold({ doubt: 'recovering', value: this.good, limit: goodRounds }, events);
        return null;
      }
      events.push({ kind: 'index_recovered', rounds: this.good, ...index });
    }
    this.isRecovering = false;
    this.held = null;
    if (isSame(index, this.last)) return null;
    this.last = index;
    events.push({ kind: 'index_accepted', sources, ...index });
    return index;
  }

  /** From here on only newer prices than the last index count, and not a single one of them alone. */
  private lose(used: number, events: IndexEvent[]): void {
    const limit = Math.max(1, this.guards.sourcesMin);
    this.isRecovering = true;
    this.good = 0;
    this.countedTimeMs = Math.max(this.countedTimeMs, this.last.publishTimeMs);
    this.hold({ doubt: 'too_few_sources', value: used, limit }, events);
  }

  private hold(held: HeldBack, events: IndexEvent[]): void {
    if (this.held?.doubt !== held.doubt) events.push({ kind: 'index_held_back', ...held });
    this.held = held;
  }

  private note(source: string, doubt: LeftOut | null, events: IndexEvent[]): void {
    const before = this.doubts.get(source);
    this.doubts.set(source, doubt);
    if (before !== undefined && before?.doubt === doubt?.doubt) return;
    if (doubt === null) events.push({ kind: 'source_used', source });
    else events.push({ kind: 'source_left_out', source, ...doubt });
  }
}

function isDoubt(view: Candidate | LeftOut): view is LeftOut {
  return 'doubt' in view;
}

/** Nearest tick, halves up. */
function toTicks(index: Candidate): IndexPrice {
  const { priceMilliTicks, confidenceMilliTicks, publishTimeMs } = index;
  const priceTicks = Math.floor((priceMilliTicks + MILLI / 2) / MILLI);
  const confidenceTicks = Math.min(PRICE_TICKS_MAX, Math.ceil(confidenceMilliTicks / MILLI));
  return { priceTicks, confidenceTicks, publishTimeMs };
}

function isSame(a: IndexPrice, b: IndexPrice): boolean {
  const hasPrice = a.priceTicks === b.priceTicks && a.confidenceTicks === b.confidenceTicks;
  return hasPrice && a.publishTimeMs === b.publishTimeMs;
}
