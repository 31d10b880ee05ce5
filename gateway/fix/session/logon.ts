import { keyRefusal } from '../../identity/key-check.js';
import type { KeyStore } from '../../identity/key-store.js';
import { MAY_READ, MAY_TRADE } from '../../identity/permissions.js';
import { equalText } from '../../session/api-keys.js';
import type { Frame } from '../codec/frame-reader.js';
import { formProblem } from '../codec/message-rules.js';
import { BEGIN_STRING, MSG, TAG, VENUE_COMP_ID } from '../codec/tags.js';

/** Who may log on. */
export interface LogonContext {
  readonly keys: KeyStore;
  /** IP address of the client. */
  readonly address: string;
  /** The exchange's time, in which keys expire. */
  readonly nowMs: number;
  readonly knowsAccount: (account: number) => boolean;
}

export interface GoodLogon {
  readonly apiKey: string;
  readonly account: number;
  readonly heartbeatMs: number;
  readonly isReset: boolean;
}

const HEARTBEAT_S_MAX = 3_600;

/** What a connection's first message asks for, or a sentence that says why it is refused. */
export function readLogon(
  { beginString, message }: Frame,
  context: LogonContext,
): GoodLogon | string {
  if (message.type !== MSG.Logon) return 'the first message must be a Logon';
  if (beginString !== BEGIN_STRING) return `BeginString must be ${BEGIN_STRING}`;
  const wrong = formProblem(message);
  if (wrong !== null) return wrong.text;
  if (message.sequence === 0) return 'MsgSeqNum must be an integer from 1 on';
  if (message.get(TAG.TargetCompID) !== VENUE_COMP_ID) {
    return `TargetCompID must be ${VENUE_COMP_ID}`;
  }
  if (message.get(TAG.EncryptMethod) !== '0') return 'EncryptMethod must be 0';
  const heartbeatS = Number(message.get(TAG.HeartBtInt));
  if (heartbeatS < 1 || heartbeatS > HEARTBEAT_S_MAX) {
    return `HeartBtInt must be from 1 to ${HEARTBEAT_S_MAX} seconds`;
  }
  const apiKey = message.get(TAG.SenderCompID) ?? '';
  const { keys, address, nowMs } = context;
  const record = keys.find(apiKey);
  // The secret is looked at for any key, so that time does not tell which keys exist.
  const isRight = equalText(keys.secretOf(apiKey) ?? '', message.get(TAG.Password) ?? '');
  const isSame = (message.get(TAG.Username) ?? apiKey) === apiKey;
  const isKnown =
    record !== null && record.publicKey === '' && context.knowsAccount(record.accountId);
  if (!isRight || !isSame || !isKnown) {
    return 'SenderCompID and Username must be an API key, and Password its secret';
  }
  const refusal = keyRefusal(keys, record, { permission: MAY_READ | MAY_TRADE, address, nowMs });
  if (refusal !== null) return `${refusal.code}: ${refusal.message}`;
  const account = record.accountId;
  const isReset = message.get(TAG.ResetSeqNumFlag) === 'Y';
  if (isReset && message.sequence !== 1) return 'MsgSeqNum must be 1 when ResetSeqNumFlag is Y';
  return { apiKey, account, heartbeatMs: heartbeatS * 1_000, isReset };
}
