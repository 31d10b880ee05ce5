import {
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_CLIENT_TEXT,
  EW_CODE,
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
  EVT_FRAME,
  EVT_MARK_PRICE,
  MSG_FEE_RATES,
  MSG_MARKET,
  MSG_OPEN_ACCOUNT,
} from '../messages/types.js';
import { ACCOUNT_ID_MAX } from '../units/units.js';
import { DIRECTORY_SHARD, type Routing } from './routing.js';
import type { ShardCore } from './shard-core.js';

/** Word of the public key in CMD_CREATE_ACCOUNT and MSG_OPEN_ACCOUNT (their second slot). */
const W_PUBLIC_KEY = SLOT_WORDS;
const PUBLIC_KEY_WORDS = 8;

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
      core.home.onEvent(messages, at, core.timeMs);
      break;
    case MSG_MARKET:
      learnMarket(core, routing, messages, slot);
      break;
    case MSG_FEE_RATES: {
      const makerPpm = floats[at * SLOT_FLOATS + F_QTY] as number;
      core.fees.set(words[w + W_FLAGS] as number, makerPpm, words[w + W_PRICE] as number);
      break;
    }
    case MSG_OPEN_ACCOUNT: {
      const account = words[w + W_ACCOUNT] as number;
      core.home.openAccount(account, words[w + W_FLAGS] as number, words, w + W_PUBLIC_KEY);
      break;
    }
    default:
      if (type < EVT_FRAME) routing.learnHome(messages, slot);
      copyMessage(messages, at, type < EVT_FRAME ? inbox : core.events);
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
  const { directory, placement } = routing;
  const { words } = messages;
  const w = slot * SLOT_WORDS;
  const reject = (code: Parameters<typeof pushRejection>[3], value: number, limit: number) => {
    pushRejection(core.events, messages, slot, code, value, limit);
  };
  if (placement.shardId !== DIRECTORY_SHARD) {
    reject(REJECT.message_type_is_unknown, CMD_CREATE_ACCOUNT, 0);
    return;
  }
  const parent = messages.floats[slot * SLOT_FLOATS + F_ORDER_ID] as number;
  const holder = directory.withKey(words, w + W_PUBLIC_KEY);
  if (parent !== 0 && directory.homeOf(parent) === null) {
    reject(REJECT.unknown_account, parent, 0);
  } else if (directory.lastId >= ACCOUNT_ID_MAX) {
    reject(REJECT.account_limit_reached, directory.lastId, ACCOUNT_ID_MAX);
  } else if (holder !== 0) {
    reject(REJECT.public_key_is_already_used, holder, 0);
  } else {
    const home = directory.lastId % placement.shards;
    const account = directory.add(home, words, w + W_PUBLIC_KEY);
    announceAccount(core, messages, slot, account, home);
    if (home === placement.shardId) {
      core.home.openAccount(account, parent, words, w + W_PUBLIC_KEY);
    } else {
      routing.openAccount(account, home, parent, words, w + W_PUBLIC_KEY);
    }
  }
}

function announceAccount(
  core: ShardCore,
  messages: MessageBuffer,
  slot: number,
  account: number,
  home: number,
): void {
  const event = core.events.push(EVENT_SLOTS + 1);
  const { words, floats } = core.events;
  const e = event * SLOT_WORDS;
  const w = slot * SLOT_WORDS;
  words[e + W_HEAD] = headOf(EVT_ACCOUNT_CREATED, EVENT_SLOTS + 1, 0);
  words[e + W_ACCOUNT] = account;
  words[e + EW_SESSION] = messages.words[w + W_SESSION] as number;
  words[e + EW_REQUEST] = messages.words[w + W_REQUEST] as number;
  words[e + EW_CODE] = home;
  floats[event * SLOT_FLOATS + EF_ORDER_ID] = messages.floats[
    slot * SLOT_FLOATS + F_ORDER_ID
  ] as number;
  for (let i = 0; i < PUBLIC_KEY_WORDS; i++) {
    words[e + EW_CLIENT_TEXT + i] = messages.words[w + W_PUBLIC_KEY + i] as number;
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
  const source = slot * SLOT_WORDS;
  for (let i = 0; i < slots * SLOT_WORDS; i++) to.words[w + i] = from.words[source + i] as number;
}
