import { copyWords } from '../messages/copy-words.js';
import {
  EF_LOTS,
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_CLIENT_TEXT,
  EW_CODE,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  F_ORDER_ID,
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
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import {
  CMD_CREATE_ACCOUNT,
  EVT_ACCOUNT_CREATED,
  EVT_DELEVERAGING,
  EVT_FRAME,
  EVT_MARK_PRICE,
  EVT_SUB_ACCOUNT,
  MSG_FEE_RATES,
  MSG_MARGIN_TIERS,
  MSG_MARKET,
  MSG_OPEN_ACCOUNT,
} from '../messages/types.js';
import { withoutMinusZero } from '../state/minus-zero.js';
import { ACCOUNT_ID_MAX, asPpm } from '../units/units.js';
import { DIRECTORY_SHARD, type Routing } from './routing.js';
import type { ShardCore } from './shard-core.js';

/** Word of the public key in CMD_CREATE_ACCOUNT and MSG_OPEN_ACCOUNT (their second slot). */
const W_PUBLIC_KEY = SLOT_WORDS;
const PUBLIC_KEY_WORDS = 8;

export interface SubAccount {
  parent: number;
  account: number;
  /** Among the sub-accounts of its parent, from 1 on. */
  number: number;
  isNew: boolean;
}

/** CMD_CHANNEL: a message for a market here, an event for an account here, or news for the margin actor here. */
export function receiveFromShard(
  core: ShardCore,
  routing: Routing,
  inbox: MessageBuffer,
  messages: MessageBuffer,
  slot: number,
): void {
  const at = routing.open(messages, slot);
  if (at < 0) return;
  const w = at * SLOT_WORDS;
  const { words, floats } = messages;
  const head = words[w + W_HEAD] as number;
  const type = typeOf(head);
  switch (type) {
    case EVT_MARK_PRICE:
    case EVT_DELEVERAGING:
      core.home.onEvent(messages, at, core.timeMs);
      break;
    case MSG_MARKET:
      learnMarket(core, routing, messages, slot);
      break;
    case MSG_MARGIN_TIERS: {
      const terms = routing.learnMarginTerms(messages, slot);
      if (terms !== null) core.home.onMarginTerms(marketOf(head), terms);
      break;
    }
    case MSG_FEE_RATES: {
      const makerPpm = asPpm(floats[at * SLOT_FLOATS + F_QTY] as number);
      const takerPpm = asPpm(words[w + W_PRICE] as number);
      core.fees.set(words[w + W_FLAGS] as number, makerPpm, takerPpm);
      break;
    }
    case MSG_OPEN_ACCOUNT: {
      const account = words[w + W_ACCOUNT] as number;
      const parent = words[w + W_FLAGS] as number;
      core.home.openAccount(account, parent, words, w + W_PUBLIC_KEY);
      // Gateways let its owner in when they hear of it from here: then no order can come before it.
      const event = pushAccountCreated(core, account, routing.shardId, parent);
      copyKey(words, w + W_PUBLIC_KEY, core, event);
      const number = words[w + W_PRICE] as number;
      if (number > 0) tellSubAccount(core, messages, at, { parent, account, number, isNew: true });
      break;
    }
    default:
      if (type < EVT_FRAME && words[w + W_ACCOUNT] !== 0) routing.learnHome(messages, slot);
      copyMessage(messages, at, type < EVT_FRAME ? inbox : core.events);
  }
}

/**
 * CMD_SET_SHARDS: there are more shards now. A new one has an empty journal: what it has to know of the markets here, and from
 * the shard that gives out ids of the fees, is sent to it like any change.
 */
export function addShards(
  core: ShardCore,
  routing: Routing,
  messages: MessageBuffer,
  slot: number,
): void {
  const before = routing.shards;
  routing.addChannels(messages.floats[slot * SLOT_FLOATS + F_QTY] as number);
  for (const market of core.markets) market.homes = routing.shards;
  for (let shard = before; shard < routing.shards; shard++) {
    for (const market of core.markets) {
      const { marketId, params, marginTerms, markTicks } = market;
      routing.sendMarket(shard, marketId, params);
      routing.sendMarginTerms(shard, marketId, marginTerms);
      if (markTicks !== 0) routing.sendMark(shard, market);
    }
    if (routing.shardId !== DIRECTORY_SHARD) continue;
    core.fees.makerPpm.forEach((makerPpm, tier) => {
      const takerPpm = core.fees.takerPpm[tier] as number;
      if (makerPpm !== 0 || takerPpm !== 0) routing.sendFees(shard, tier, makerPpm, takerPpm);
    });
  }
}

/**
 * CMD_CREATE_ACCOUNT where accounts are spread: one shard gives out ids and homes, in turns, and knows all keys. The event says
 * in EW_CODE which shard is home: deposits and orders go there.
 */
export function createAccountSomewhere(
  core: ShardCore,
  routing: Routing,
  messages: MessageBuffer,
  slot: number,
): void {
  const { directory, shardId } = routing;
  const { words } = messages;
  const w = slot * SLOT_WORDS;
  const reject = (code: Parameters<typeof pushRejection>[3], value: number, limit: number) => {
    pushRejection(core.events, messages, slot, code, value, limit);
  };
  if (shardId !== DIRECTORY_SHARD) {
    reject(REJECT.message_type_is_unknown, CMD_CREATE_ACCOUNT, 0);
    return;
  }
  const parent = withoutMinusZero(messages.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
  const holder = directory.withKey(words, w + W_PUBLIC_KEY);
  if (parent !== 0 && directory.homeOf(parent) === null) {
    reject(REJECT.unknown_account, parent, 0);
  } else if (directory.lastId >= ACCOUNT_ID_MAX) {
    reject(REJECT.account_limit_reached, directory.lastId, ACCOUNT_ID_MAX);
  } else if (holder !== 0) {
    reject(REJECT.public_key_is_already_used, holder, 0);
  } else {
    const home = homeForNew(routing, parent);
    const account = directory.add(home, parent, words, w + W_PUBLIC_KEY);
    announceAccount(core, messages, slot, account, home);
    if (home === shardId) {
      core.home.openAccount(account, parent, words, w + W_PUBLIC_KEY);
    } else {
      routing.openAccount(account, home, parent, words, w + W_PUBLIC_KEY);
    }
  }
}

/** In turns; but an account and its sub-accounts live in one place, where a transfer between them is one message. */
export function homeForNew({ directory, shards }: Routing, parent: number): number {
  return parent === 0 ? directory.lastId % shards : (directory.homeOf(parent) as number);
}

/** The answer: which shard is home to it. */
function announceAccount(
  core: ShardCore,
  messages: MessageBuffer,
  slot: number,
  account: number,
  home: number,
): void {
  const w = slot * SLOT_WORDS;
  const parent = withoutMinusZero(messages.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number);
  const event = pushAccountCreated(core, account, home, parent);
  const e = event * SLOT_WORDS;
  core.events.words[e + EW_SESSION] = messages.words[w + W_SESSION] as number;
  core.events.words[e + EW_REQUEST] = messages.words[w + W_REQUEST] as number;
  copyKey(messages.words, w + W_PUBLIC_KEY, core, event);
}

/** The answer: the sub-account exists. To whoever has sent the message at `slot`. */
export function tellSubAccount(
  core: ShardCore,
  messages: MessageBuffer,
  slot: number,
  { parent, account, number, isNew }: SubAccount,
): void {
  const event = core.events.push(EVENT_SLOTS);
  const { words, floats } = core.events;
  const e = event * SLOT_WORDS;
  words[e + W_HEAD] = headOf(EVT_SUB_ACCOUNT, EVENT_SLOTS, 0);
  words[e + W_ACCOUNT] = parent;
  words[e + EW_FLAGS] = isNew ? 1 : 0;
  words[e + EW_SESSION] = messages.words[slot * SLOT_WORDS + W_SESSION] as number;
  words[e + EW_REQUEST] = messages.words[slot * SLOT_WORDS + W_REQUEST] as number;
  floats[event * SLOT_FLOATS + EF_ORDER_ID] = account;
  floats[event * SLOT_FLOATS + EF_LOTS] = number;
}

export function pushAccountCreated(
  core: ShardCore,
  account: number,
  home: number,
  parent: number,
): number {
  const event = core.events.push(EVENT_SLOTS + 1);
  const { words, floats } = core.events;
  const e = event * SLOT_WORDS;
  words[e + W_HEAD] = headOf(EVT_ACCOUNT_CREATED, EVENT_SLOTS + 1, 0);
  words[e + W_ACCOUNT] = account;
  words[e + EW_CODE] = home;
  floats[event * SLOT_FLOATS + EF_ORDER_ID] = parent;
  return event;
}

function copyKey(from: Int32Array, key: number, core: ShardCore, event: number): void {
  const to = event * SLOT_WORDS + EW_CLIENT_TEXT;
  for (let i = 0; i < PUBLIC_KEY_WORDS; i++) {
    core.events.words[to + i] = from[key + i] as number;
  }
}

function learnMarket(
  core: ShardCore,
  routing: Routing,
  messages: MessageBuffer,
  slot: number,
): void {
  const marketId = marketOf(messages.words[(slot + 1) * SLOT_WORDS + W_HEAD] as number);
  // Placement is the configuration's: that two shards list one id is a mistake of whoever wrote it, and each keeps its own.
  if (core.market(marketId) !== null) return;
  const isNew = !routing.isHostedElsewhere(marketId);
  const params = routing.learnMarket(messages, slot);
  if (isNew) core.home.onMarketListed(marketId, params);
  else core.home.onMarketParams(marketId, params);
}

function copyMessage(from: MessageBuffer, slot: number, to: MessageBuffer): void {
  const slots = slotsOf(from.words[slot * SLOT_WORDS + W_HEAD] as number);
  const w = to.push(slots) * SLOT_WORDS;
  copyWords(from.words, slot * SLOT_WORDS, to.words, w, slots * SLOT_WORDS);
}
