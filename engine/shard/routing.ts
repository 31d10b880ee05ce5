import {
  MARGIN_WORDS,
  type MarginTerms,
  NO_MARGIN_TERMS,
  putMarginTerms,
  readMarginTerms,
  takeMarginTerms,
  W_MARGIN_TERMS_BETWEEN_SHARDS,
  writeMarginTerms,
} from '../market/margin-terms.js';
import type { MarketActor } from '../market/market-actor.js';
import {
  type MarketParams,
  PARAM_WORDS,
  readMarketParams,
  writeMarketParams,
} from '../market/market-params.js';
import { writeMark } from '../market/price-events.js';
import { copyWords } from '../messages/copy-words.js';
import {
  EVENT_SLOTS,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_CHANNEL,
  EVT_FILL,
  EVT_INSURANCE,
  EVT_MARK_PRICE,
  EVT_SENT,
  EVT_TRANSFER,
  MSG_FEE_RATES,
  MSG_MARGIN_TIERS,
  MSG_MARKET,
  MSG_OPEN_ACCOUNT,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import { AccountDirectory } from './account-directory.js';
import { ChannelIn, ChannelOut } from './channel.js';

/** Where a shard stands among others. */
export interface Placement {
  shardId: number;
  /** How many there are when the shard's journal begins; `CMD_SET_SHARDS` adds more. */
  shards: number;
}

/** The shard that gives out account ids. */
export const DIRECTORY_SHARD = 0;

const PARAM_SLOTS = PARAM_WORDS / SLOT_WORDS;

/** Who has asked for a sub-account of this number, and hears of it from its home. */
export interface AskedForAccount {
  number: number;
  session: number;
  request: number;
}

const NOBODY: AskedForAccount = { number: 0, session: 0, request: 0 };

interface MarketElsewhere {
  shard: number;
  params: MarketParams;
  terms: MarginTerms;
}

/** Slots of MSG_MARGIN_TIERS: with its envelope it is as long as a message may be. */
const TERMS_SLOTS = (W_MARGIN_TERMS_BETWEEN_SHARDS + MARGIN_WORDS) / SLOT_WORDS;

/**
 * What a shard knows of the others in layout `spread`: which of them hosts a market, which is home to an account, and a channel
 * to and from each. Everything for another shard leaves as EVT_CHANNEL: an envelope slot (W_FLAGS sender, W_PRICE receiver, F_QTY
 * number), then the message itself; it arrives there, journaled like any input, as CMD_CHANNEL with the same bytes.
 */
export class Routing {
  readonly shardId: number;
  readonly directory = new AccountDirectory();
  private readonly events: MessageBuffer;
  private readonly outgoing: ChannelOut[] = [];
  private readonly incoming: ChannelIn[] = [];
  /** Host of each market that is not hosted here. */
  private readonly hosts = new Map<number, MarketElsewhere>();
  /** All markets that the margin actor here knows, in the order in which it came to know them. */
  readonly known: number[] = [];
  /** Home of each account that is not at home here, as far as it has traded here. */
  private readonly homes = new Map<number, number>();

  constructor(placement: Placement, events: MessageBuffer) {
    this.shardId = placement.shardId;
    this.events = events;
    this.addChannels(placement.shards);
  }

  /** Shards that this one knows of, itself included. */
  get shards(): number {
    return this.outgoing.length;
  }

  addChannels(shards: number): void {
    while (this.outgoing.length < shards) {
      this.outgoing.push(new ChannelOut());
      this.incoming.push(new ChannelIn());
    }
  }

  channelTo(shard: number): ChannelOut {
    return this.outgoing[shard] as ChannelOut;
  }
  channelFrom(shard: number): ChannelIn {
    return this.incoming[shard] as ChannelIn;
  }

  isElsewhere(account: number): boolean {
    return this.homes.has(account);
  }

  /** First slot of the message in the envelope at `slot`; −1 when it was here before, or comes too early. */
  open(messages: MessageBuffer, slot: number): number {
    const w = slot * SLOT_WORDS;
    const from = messages.words[w + W_FLAGS] as number;
    const to = messages.words[w + W_PRICE] as number;
    const number = messages.floats[slot * SLOT_FLOATS + F_QTY] as number;
    const { shardId } = this;
    if (to !== shardId || from === shardId || !this.incoming[from]?.take(number)) return -1;
    return slot + 1;
  }

  /** The account trades here, and its home is the shard that the envelope at `slot` came from. */
  learnHome(messages: MessageBuffer, slot: number): void {
    const from = messages.words[slot * SLOT_WORDS + W_FLAGS] as number;
    this.homes.set(messages.words[(slot + 1) * SLOT_WORDS + W_ACCOUNT] as number, from);
  }

  /** … or it is known here because ids are given out here: its answers go through its home from now on. */
  noteHome(account: number, home: number): void {
    if (home !== this.shardId) this.homes.set(account, home);
  }

  noteMarket(marketId: number): void {
    if (!this.known.includes(marketId)) this.known.push(marketId);
  }

  /** A market of another shard, from MSG_MARKET in the envelope at `slot`. */
  learnMarket(messages: MessageBuffer, slot: number): MarketParams {
    const w = slot * SLOT_WORDS;
    const at = w + 2 * SLOT_WORDS;
    const params = readMarketParams(messages.words, messages.floats, at);
    const marketId = marketOf(messages.words[w + SLOT_WORDS + W_HEAD] as number);
    this.noteMarket(marketId);
    const terms = this.marginTermsElsewhere(marketId) ?? NO_MARGIN_TERMS;
    this.hosts.set(marketId, { shard: messages.words[w + W_FLAGS] as number, params, terms });
    return params;
  }

  /** MSG_MARGIN_TIERS in the envelope at `slot`; null when the market is not known from there. */
  learnMarginTerms(messages: MessageBuffer, slot: number): MarginTerms | null {
    const w = (slot + 1) * SLOT_WORDS;
    const market = this.hosts.get(marketOf(messages.words[w + W_HEAD] as number));
    if (market === undefined) return null;
    const at = w + W_MARGIN_TERMS_BETWEEN_SHARDS;
    market.terms = readMarginTerms(messages.words, messages.floats, at);
    return market.terms;
  }

  isHostedElsewhere(marketId: number): boolean {
    return this.hosts.has(marketId);
  }
  paramsElsewhere(marketId: number): MarketParams | null {
    return this.hosts.get(marketId)?.params ?? null;
  }

  marginTermsElsewhere(marketId: number): MarginTerms | null {
    return this.hosts.get(marketId)?.terms ?? null;
  }

  /** A message of the margin actor here to a market elsewhere. */
  forward(inbox: MessageBuffer, slot: number): void {
    const host = this.hosts.get(marketOf(inbox.words[slot * SLOT_WORDS + W_HEAD] as number));
    if (host !== undefined) this.send(host.shard, inbox, slot);
  }

  /**
   * An event of a market here for an account elsewhere. Its home numbers it and answers the client. What the public feeds
   * need stays, as nobody's answer; the rest leaves an empty EVT_SENT.
   */
  sendHome(slot: number): void {
    const { events } = this;
    const w = slot * SLOT_WORDS;
    this.send(this.homes.get(events.words[w + W_ACCOUNT] as number) as number, events, slot);
    const { words } = events;
    const head = words[w + W_HEAD] as number;
    if (isPublic(typeOf(head))) {
      words[w + EW_SESSION] = 0;
      words[w + EW_REQUEST] = 0;
      return;
    }
    words.fill(0, w, w + slotsOf(head) * SLOT_WORDS);
    words[w + W_HEAD] = headOf(EVT_SENT, slotsOf(head), 0);
  }

  /** To every margin actor: the event at `slot`. */
  broadcast(slot: number): void {
    this.forEachOther((shard) => this.send(shard, this.events, slot));
  }

  announceMarket(marketId: number, params: MarketParams): void {
    this.forEachOther((shard) => this.sendMarket(shard, marketId, params));
  }

  sendMarket(shard: number, marketId: number, params: MarketParams): void {
    const at = this.envelope(shard, 1 + PARAM_SLOTS);
    const w = (at + 1) * SLOT_WORDS;
    this.events.words[w + W_HEAD] = headOf(MSG_MARKET, 1 + PARAM_SLOTS, marketId);
    writeMarketParams(this.events.words, this.events.floats, w + SLOT_WORDS, params);
    this.seal(shard, at);
  }

  announceMarginTerms(marketId: number, terms: MarginTerms): void {
    this.forEachOther((shard) => this.sendMarginTerms(shard, marketId, terms));
  }

  sendMarginTerms(shard: number, marketId: number, terms: MarginTerms): void {
    const at = this.envelope(shard, TERMS_SLOTS);
    const w = (at + 1) * SLOT_WORDS;
    const { words, floats } = this.events;
    words[w + W_HEAD] = headOf(MSG_MARGIN_TIERS, TERMS_SLOTS, marketId);
    writeMarginTerms(words, floats, w + W_MARGIN_TERMS_BETWEEN_SHARDS, terms);
    this.seal(shard, at);
  }

  /** A mark price to a shard that was not there when it was set. */
  sendMark(shard: number, market: MarketActor): void {
    const at = this.envelope(shard, EVENT_SLOTS);
    const w = (at + 1) * SLOT_WORDS;
    this.events.words[w + W_HEAD] = headOf(EVT_MARK_PRICE, EVENT_SLOTS, market.marketId);
    writeMark(market, at + 1);
    this.seal(shard, at);
  }

  announceFees(tier: number, makerPpm: number, takerPpm: number): void {
    this.forEachOther((shard) => this.sendFees(shard, tier, makerPpm, takerPpm));
  }

  sendFees(shard: number, tier: number, makerPpm: number, takerPpm: number): void {
    const at = this.envelope(shard, 1);
    const w = (at + 1) * SLOT_WORDS;
    this.events.words[w + W_HEAD] = headOf(MSG_FEE_RATES, 1, 0);
    this.events.words[w + W_FLAGS] = tier;
    this.events.words[w + W_PRICE] = takerPpm;
    this.events.floats[(at + 1) * SLOT_FLOATS + F_QTY] = makerPpm;
    this.seal(shard, at);
  }

  /** Tells the account's home to open it; `key` points at the command's public key. */
  openAccount(
    account: number,
    home: number,
    parent: number,
    words: Int32Array,
    key: number,
    asked: AskedForAccount = NOBODY,
  ): void {
    const at = this.envelope(home, 2);
    const w = (at + 1) * SLOT_WORDS;
    this.events.words[w + W_HEAD] = headOf(MSG_OPEN_ACCOUNT, 2, 0);
    this.events.words[w + W_ACCOUNT] = account;
    this.events.words[w + W_FLAGS] = parent;
    this.events.words[w + W_PRICE] = asked.number;
    this.events.words[w + W_SESSION] = asked.session;
    this.events.words[w + W_REQUEST] = asked.request;
    copyWords(words, key, this.events.words, w + SLOT_WORDS, 8);
    this.seal(home, at);
  }

  /** Numbers of all channels: part of the delivery state. */
  writeNumbers(writer: CanonicalWriter): void {
    for (const channel of this.outgoing) writer.put(channel.last);
    for (const channel of this.incoming) writer.put(channel.last);
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.shards);
    for (const channel of this.outgoing) channel.writeState(writer);
    for (const channel of this.incoming) channel.writeState(writer);
    const words = new Int32Array(PARAM_WORDS);
    const floats = new Float64Array(words.buffer);
    writer.put(this.hosts.size);
    for (const [marketId, { shard, params, terms }] of this.hosts) {
      writer.put(marketId);
      writer.put(shard);
      writeMarketParams(words, floats, 0, params);
      for (const word of words) writer.put(word);
      putMarginTerms(writer, terms);
    }
    writer.put(this.homes.size);
    for (const [account, home] of this.homes) {
      writer.put(account);
      writer.put(home);
    }
    writer.put(this.known.length);
    for (const marketId of this.known) writer.put(marketId);
    this.directory.writeState(writer);
  }

  readState(reader: CanonicalReader): void {
    this.addChannels(reader.take());
    for (const channel of this.outgoing) channel.readState(reader);
    for (const channel of this.incoming) channel.readState(reader);
    const words = new Int32Array(PARAM_WORDS);
    const floats = new Float64Array(words.buffer);
    for (let left = reader.take(); left > 0; left--) {
      const marketId = reader.take();
      const shard = reader.take();
      for (let k = 0; k < PARAM_WORDS; k++) words[k] = reader.take();
      const params = readMarketParams(words, floats, 0);
      this.hosts.set(marketId, { shard, params, terms: takeMarginTerms(reader) });
    }
    for (let left = reader.take(); left > 0; left--) this.homes.set(reader.take(), reader.take());
    for (let left = reader.take(); left > 0; left--) this.known.push(reader.take());
    this.directory.readState(reader);
  }

  private forEachOther(visit: (shard: number) => void): void {
    const { shardId, shards } = this;
    for (let shard = 0; shard < shards; shard++) if (shard !== shardId) visit(shard);
  }

  private send(shard: number, from: MessageBuffer, slot: number): void {
    const slots = slotsOf(from.words[slot * SLOT_WORDS + W_HEAD] as number);
    const at = this.envelope(shard, slots);
    // Only now: making room may have moved the buffer's memory.
    const target = this.events.words;
    copyWords(from.words, slot * SLOT_WORDS, target, (at + 1) * SLOT_WORDS, slots * SLOT_WORDS);
    this.seal(shard, at);
  }

  private envelope(shard: number, slots: number): number {
    const at = this.events.push(1 + slots);
    const w = at * SLOT_WORDS;
    this.events.words[w + W_HEAD] = headOf(EVT_CHANNEL, 1 + slots, 0);
    this.events.words[w + W_FLAGS] = this.shardId;
    this.events.words[w + W_PRICE] = shard;
    return at;
  }

  private seal(shard: number, at: number): void {
    const channel = this.outgoing[shard] as ChannelOut;
    this.events.floats[at * SLOT_FLOATS + F_QTY] = channel.last + 1;
    channel.keep(this.events.words, at * SLOT_WORDS);
  }
}

const PUBLIC_TYPES: readonly number[] = [
  EVT_ACCEPTED,
  EVT_FILL,
  EVT_CANCELED,
  EVT_AMENDED,
  EVT_TRANSFER,
  EVT_INSURANCE,
];

function isPublic(type: number): boolean {
  return PUBLIC_TYPES.includes(type);
}
