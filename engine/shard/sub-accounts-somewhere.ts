import {
  F_DEADLINE,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import { CMD_CREATE_SUB_ACCOUNT } from '../messages/types.js';
import { ACCOUNT_ID_MAX } from '../units/units.js';
import { homeForNew, pushAccountCreated, tellSubAccount } from './between-shards.js';
import { DIRECTORY_SHARD, type Routing } from './routing.js';
import type { ShardCore } from './shard-core.js';
import { subAccountRefusal } from './sub-account-rules.js';

const NO_KEY = new Int32Array(8);

/**
 * CMD_CREATE_SUB_ACCOUNT where accounts are spread: who gives out ids knows all families. It tells the home, and the home answers when the
 * account is there, so that whoever has the answer may use it at once.
 */
export function createSubAccountSomewhere(
  core: ShardCore,
  routing: Routing,
  messages: MessageBuffer,
  slot: number,
): void {
  const { directory, shardId } = routing;
  const { words } = messages;
  const w = slot * SLOT_WORDS;
  const parent = words[w + W_ACCOUNT] as number;
  const reject = (code: Parameters<typeof pushRejection>[3], value: number, limit: number) => {
    pushRejection(core.events, messages, slot, code, value, limit);
  };
  const deadline = messages.floats[slot * SLOT_FLOATS + F_DEADLINE] as number;
  const number = words[w + W_PRICE] as number;
  const subs = directory.subsOf(parent);
  const refusal = subAccountRefusal(subs.length, number);
  const existing = number === 0 ? undefined : subs[number - 1];
  if (shardId !== DIRECTORY_SHARD) {
    reject(REJECT.message_type_is_unknown, CMD_CREATE_SUB_ACCOUNT, 0);
  } else if (directory.homeOf(parent) === null) {
    reject(REJECT.unknown_account, parent, 0);
  } else if (deadline !== 0 && deadline < core.timeMs) {
    reject(REJECT.receive_window_has_passed, deadline, core.timeMs);
  } else if (directory.parentOf(parent) !== 0) {
    reject(REJECT.sub_account_must_not_have_sub_accounts, parent, 0);
  } else if (refusal !== null) {
    reject(refusal.code, refusal.value, refusal.limit);
  } else if (existing !== undefined) {
    // Behind the message that opens it, which may be under way still.
    routing.noteHome(parent, directory.homeOf(parent) as number);
    tellSubAccount(core, messages, slot, { parent, account: existing, number, isNew: false });
  } else if (directory.lastId >= ACCOUNT_ID_MAX) {
    reject(REJECT.account_limit_reached, directory.lastId, ACCOUNT_ID_MAX);
  } else {
    addSubAccount(core, routing, messages, slot, parent);
  }
}

function addSubAccount(
  core: ShardCore,
  routing: Routing,
  messages: MessageBuffer,
  slot: number,
  parent: number,
): void {
  const { directory, shardId } = routing;
  const w = slot * SLOT_WORDS;
  const home = homeForNew(routing, parent);
  const account = directory.add(home, parent, NO_KEY, 0);
  const number = directory.subsOf(parent).length;
  pushAccountCreated(core, account, home, parent);
  if (home === shardId) {
    core.home.openAccount(account, parent, NO_KEY, 0);
    tellSubAccount(core, messages, slot, { parent, account, number, isNew: true });
    return;
  }
  const session = messages.words[w + W_SESSION] as number;
  const request = messages.words[w + W_REQUEST] as number;
  routing.openAccount(account, home, parent, NO_KEY, 0, { number, session, request });
}
