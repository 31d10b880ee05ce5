import * as layout from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import type { CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { type NaiveAccount, type NaiveState, naiveReject } from './naive-home.js';
import { naiveMessage } from './naive-liquidations.js';
import { pushEvent, type View } from './naive-views.js';

const DAY_MS = 86_400_000;

/** Whoever does not come back within this time has no orders left. */
export function naiveSetCountdown(
  state: NaiveState,
  message: View,
  account: NaiveAccount,
  nowMs: number,
): void {
  const ms = message.float(layout.F_QTY);
  if (!Number.isInteger(ms) || ms < 0 || ms > DAY_MS) {
    naiveReject(state, message, 'countdown_ms_must_be_within_0_and_limit', ms, DAY_MS);
    return;
  }
  if (ms === 0) state.countdowns.delete(account.id);
  else state.countdowns.set(account.id, nowMs + ms);
  const event = tell(state, account, ms === 0 ? 0 : nowMs + ms);
  event.setWord(layout.EW_SESSION, message.word(layout.W_SESSION));
  event.setWord(layout.EW_REQUEST, message.word(layout.W_REQUEST));
}

export function naiveNextCountdown(state: NaiveState): number {
  return Math.min(...state.countdowns.values());
}

/** The earliest, of several the account with the lowest id. */
export function naiveCountdownStep(state: NaiveState): void {
  const endMs = naiveNextCountdown(state);
  const ids = [...state.countdowns].filter(([, ms]) => ms === endMs).map(([id]) => id);
  const account = state.accounts.get(Math.min(...ids)) as NaiveAccount;
  state.countdowns.delete(account.id);
  const event = tell(state, account, endMs);
  event.setWord(layout.EW_FLAGS, 1);
  event.setFloat(layout.EF_ACCOUNT_SEQUENCE, ++account.sequence);
  const flags = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS | type.FLAG_MASS_COUNTDOWN;
  for (const { marketId } of state.markets) {
    const message = naiveMessage(state, type.MSG_MASS_CANCEL, 1, marketId, account.id, flags);
    message.setWord(layout.W_CLIENT_REF, -1);
  }
}

export function writeCountdowns(state: NaiveState, writer: CanonicalWriter): void {
  writer.put(state.countdowns.size);
  for (const [id, endMs] of [...state.countdowns].sort(([a], [b]) => a - b)) {
    writer.put(id);
    writer.put(endMs);
  }
}

function tell(state: NaiveState, account: NaiveAccount, endMs: number): View {
  const event = pushEvent(state.events, type.EVT_CANCEL_ALL_AFTER, layout.EVENT_SLOTS, 0);
  event.setWord(layout.W_ACCOUNT, account.id);
  event.setWord(layout.EW_CLIENT_REF, -1);
  event.setFloat(layout.EF_EXPIRY, endMs);
  event.setFloat(layout.EF_COLLATERAL, Number(account.collateral));
  return event;
}
