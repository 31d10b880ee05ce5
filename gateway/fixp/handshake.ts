import { randomBytes } from 'node:crypto';
import { base58 } from '@scure/base';
import type { Collected } from '../feeds/feed-walk.js';
import type { PrivateEvents } from '../feeds/private-events.js';
import { keyRefusal } from '../identity/key-check.js';
import { holderOf } from '../identity/key-holder.js';
import type { KeyStore } from '../identity/key-store.js';
import { MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import type { GatewayLimits } from '../limits.js';
import type { Accounts } from '../session/accounts.js';
import type { AllowanceTable } from '../session/allowances.js';
import { ed25519Key, isSignedWith } from '../session/ed25519.js';
import { establishText, negotiateText } from './credentials.js';
import { type FixpConnection, messageBytes } from './fixp-connection.js';
import type { FixpLimits } from './fixp-limits.js';
import { FixpSession, type FixpSessions } from './fixp-session.js';
import { type FlowBudget, FlowStore } from './flow-store.js';
import {
  CancelOnDisconnect,
  type EstablishDecoder,
  EstablishmentAckEncoder,
  EstablishmentRejectCode,
  EstablishmentRejectEncoder,
  FlowType,
  type NegotiateDecoder,
  NegotiationRejectCode,
  NegotiationRejectEncoder,
  NegotiationResponseEncoder,
  NotAppliedEncoder,
  TerminationCode,
} from './generated/index.js';
import { NegotiationMemory } from './negotiation-memory.js';

export interface HandshakeContext {
  readonly venue: string;
  readonly limits: GatewayLimits;
  readonly allowances: AllowanceTable<number>;
  readonly fixpLimits: FixpLimits;
  readonly accounts: Accounts;
  readonly keys: KeyStore;
  readonly exchangeTimeMs: () => number;
  readonly sessions: FixpSessions;
  readonly flowBudget: FlowBudget;
  readonly logOf: (account: number) => PrivateEvents;
  /** Number of the account's last private event. */
  readonly accountSeqNo: (account: number) => number;
  readonly epoch: () => number;
  readonly nowMs: () => number;
  /** Puts private events of before into a session's flow. */
  readonly replay: (session: FixpSession, found: Collected) => void;
}

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const ID_BYTES = 16;

/** Negotiate and Establish: who is it, which session is it, and where does it go on. */
export class Handshake {
  private readonly context: HandshakeContext;
  private readonly negotiations: NegotiationMemory;
  private readonly response = new NegotiationResponseEncoder();
  private readonly negotiationReject = new NegotiationRejectEncoder();
  private readonly ack = new EstablishmentAckEncoder();
  private readonly establishmentReject = new EstablishmentRejectEncoder();
  private readonly notApplied = new NotAppliedEncoder();

  constructor(context: HandshakeContext) {
    this.context = context;
    const { loginTimeToleranceMs } = context.limits;
    this.negotiations = new NegotiationMemory(context.nowMs(), loginTimeToleranceMs);
  }

  negotiate(connection: FixpConnection, message: NegotiateDecoder): void {
    const { context } = this;
    const [idBytes, keyBytes, signature] = [ID_BYTES, KEY_BYTES, SIGNATURE_BYTES].map((length) => {
      return new Uint8Array(length);
    }) as [Uint8Array, Uint8Array, Uint8Array];
    message.getSessionId(idBytes, 0);
    message.getPublicKey(keyBytes, 0);
    message.getSignature(signature, 0);
    const id = Buffer.from(idBytes).toString('hex');
    const timestamp = message.timestamp();
    const refuse = (code: NegotiationRejectCode, reason: string) => {
      this.rejectNegotiation(connection, idBytes, timestamp, code, reason);
    };
    if (connection.negotiated !== null) {
      const { DuplicateId } = NegotiationRejectCode;
      refuse(DuplicateId, 'a session was negotiated on this connection already');
      return;
    }
    if (message.clientFlow() !== FlowType.Idempotent) {
      refuse(NegotiationRejectCode.FlowTypeNotSupported, 'clientFlow must be Idempotent');
      return;
    }
    const late = this.outOfTime(timestamp) ?? this.fromBefore(timestamp);
    if (late !== null) {
      refuse(NegotiationRejectCode.Credentials, late);
      return;
    }
    const key = ed25519Key(keyBytes);
    const text = negotiateText(context.venue, id, timestamp);
    if (key === null || !isSignedWith(key, text, signature)) {
      refuse(NegotiationRejectCode.Credentials, SIGNATURE_IS_INVALID);
      return;
    }
    // Said only to the owner of the key: the signature was right.
    const publicKey = base58.encode(keyBytes);
    const account = this.accountOf(publicKey, connection.address);
    if (typeof account === 'string') {
      refuse(NegotiationRejectCode.Credentials, account);
      return;
    }
    const isNew = this.negotiations.take(id, timestamp, context.nowMs());
    if (!isNew || context.sessions.find(id) !== undefined) {
      refuse(NegotiationRejectCode.DuplicateId, 'sessionId must be one that was not used before');
      return;
    }
    if (!this.makeRoom(account)) {
      const most = `${context.fixpLimits.sessionsOfAccountMax} of an account, ${context.fixpLimits.sessionsMax} in all`;
      refuse(NegotiationRejectCode.Unspecified, `sessions must be at most ${most}`);
      return;
    }
    const home = context.accounts.homeOf(account);
    const number = context.sessions.nextNumber();
    const nonce = randomBytes(KEY_BYTES).toString('hex');
    this.open(connection, { id, number, account, home, key, publicKey, nonce }, message, timestamp);
  }

  /** Why the key of a session opens it no more, null: it does. Keys are revoked and expire while sessions live. */
  keyProblem({ identity }: FixpSession, address: string): string | null {
    const account = this.accountOf(identity.publicKey, address);
    if (account === identity.account) return null;
    return typeof account === 'string' ? account : 'the key was revoked';
  }

  /** The account of a key, its own or an agent's that may read and trade; else why not. */
  private accountOf(publicKey: string, address: string): number | string {
    const { keys, exchangeTimeMs } = this.context;
    const record = holderOf(publicKey, this.context);
    if (typeof record === 'number') return record;
    if (record === null) return 'no account has this public key';
    const use = { permission: MAY_READ | MAY_TRADE, address, nowMs: exchangeTimeMs() };
    const refusal = keyRefusal(keys, record, use);
    return refusal === null ? record.accountId : `${refusal.code}: ${refusal.message}`;
  }

  establish(connection: FixpConnection, message: EstablishDecoder): void {
    const { context } = this;
    const idBytes = new Uint8Array(ID_BYTES);
    const signature = new Uint8Array(SIGNATURE_BYTES);
    message.getSessionId(idBytes, 0);
    message.getSignature(signature, 0);
    const id = Buffer.from(idBytes).toString('hex');
    const timestamp = message.timestamp();
    const nextSeqNo = message.nextSeqNo();
    const keepaliveMs = message.keepaliveInterval();
    const session = context.sessions.find(id);
    const found = this.establishProblem(session, message, signature, connection.address);
    if (found !== null || session === undefined) {
      const [code, reason] = found ?? UNNEGOTIATED;
      this.rejectEstablishment(connection, idBytes, timestamp, code, reason);
      return;
    }
    session.lastEstablishMs = timestamp;
    session.cancelsOnDisconnect = message.cancelOnDisconnect() === CancelOnDisconnect.AllOrders;
    session.connection = connection;
    session.flow.skipUnsent();
    connection.session = session;
    connection.keepaliveMs = keepaliveMs;
    connection.incomingSeqNo = nextSeqNo;
    const expectedSeqNo = session.expectedSeqNo;
    connection.send(context.nowMs(), (view, at) => {
      const ack = this.ack.wrapAndApplyHeader(view, at).putSessionId(idBytes, 0);
      ack.requestTimestamp(timestamp).keepaliveInterval(keepaliveMs);
      ack.nextSeqNo(session.flow.nextSeqNo).expectedSeqNo(expectedSeqNo);
      return messageBytes(ack);
    });
    this.noteGap(connection, nextSeqNo);
  }

  /** The client goes on behind messages that never came: they count as not applied, and are not asked for. */
  noteGap(connection: FixpConnection, nextSeqNo: number): void {
    const session = connection.session as FixpSession;
    const missing = nextSeqNo - session.expectedSeqNo;
    if (missing <= 0) return;
    const fromSeqNo = session.expectedSeqNo;
    session.expectedSeqNo = nextSeqNo;
    connection.send(this.context.nowMs(), (view, at) => {
      const message = this.notApplied.wrapAndApplyHeader(view, at);
      return messageBytes(message.fromSeqNo(fromSeqNo).count(missing));
    });
  }

  private open(
    connection: FixpConnection,
    identity: FixpSession['identity'],
    message: NegotiateDecoder,
    timestamp: number,
  ): void {
    const { context } = this;
    const { account } = identity;
    const nowMs = context.nowMs();
    const last = context.accountSeqNo(account);
    const flow = new FlowStore(context.fixpLimits.flowBytesMax, context.flowBudget);
    const session = new FixpSession(identity, context.allowances, flow, last, nowMs);
    connection.negotiated = session;
    const log = context.logOf(account);
    const wanted = message.hasResumeEpoch() && message.hasResumeAccountSeqNo();
    const found =
      wanted && log.lastOf(account) === last
        ? log.after(account, message.resumeEpoch(), message.resumeAccountSeqNo())
        : null;
    const answer = (collected: Collected | null, from: number) => {
      if (collected !== null) context.replay(session, collected);
      this.respond(connection, session, timestamp, from);
    };
    const from = message.resumeAccountSeqNo();
    if (!(found instanceof Promise)) {
      context.sessions.add(session);
      answer(found, found === null ? last : from);
    } else {
      // What happens while files are read would stand before what they tell: the session begins then.
      void found.then((collected) => {
        if (connection.closed || context.sessions.find(identity.id) !== undefined) {
          flow.release();
          return;
        }
        const sinceMoved = context.accountSeqNo(account) !== last;
        session.lastAccountSeqNo = context.accountSeqNo(account);
        context.sessions.add(session);
        const whole = sinceMoved ? null : collected;
        answer(whole, whole === null ? session.lastAccountSeqNo : from);
      });
    }
  }

  private respond(
    connection: FixpConnection,
    session: FixpSession,
    timestamp: number,
    accountSeqNo: number,
  ): void {
    const { context } = this;
    const { id, account, nonce } = session.identity;
    connection.send(context.nowMs(), (view, at) => {
      const response = this.response.wrapAndApplyHeader(view, at).clear();
      response.putSessionId(Buffer.from(id, 'hex'), 0).requestTimestamp(timestamp);
      response.serverFlow(FlowType.Recoverable).accountId(account);
      response.putNonce(Buffer.from(nonce, 'hex'), 0).epoch(context.epoch());
      response.accountSeqNo(accountSeqNo);
      response.maxKeepaliveInterval(context.fixpLimits.keepaliveMsMax);
      return messageBytes(response.venue(context.venue.slice(0, 32)));
    });
  }

  /** A client that negotiates anew after each crash must lock nobody out, itself least of all. */
  private makeRoom(account: number): boolean {
    const { sessions, fixpLimits } = this.context;
    const own = sessions.ofAccount(account);
    const isFull = sessions.count >= fixpLimits.sessionsMax;
    if (own.length < fixpLimits.sessionsOfAccountMax && !isFull) return true;
    const unbound = (isFull ? [...sessions.all()] : [...own]).filter(
      ({ connection }) => connection === null,
    );
    const oldest = unbound.sort((a, b) => a.unboundAtMs - b.unboundAtMs)[0];
    if (oldest === undefined) return false;
    sessions.remove(oldest);
    return true;
  }

  private establishProblem(
    session: FixpSession | undefined,
    message: EstablishDecoder,
    signature: Uint8Array,
    address: string,
  ): [EstablishmentRejectCode, string] | null {
    const { venue, fixpLimits } = this.context;
    if (session === undefined) return UNNEGOTIATED;
    const [timestamp, nextSeqNo] = [message.timestamp(), message.nextSeqNo()];
    const keepaliveMs = message.keepaliveInterval();
    const { id, nonce, key } = session.identity;
    const text = establishText(venue, id, nonce, timestamp, nextSeqNo);
    if (!isSignedWith(key, text, signature)) {
      return [EstablishmentRejectCode.Credentials, SIGNATURE_IS_INVALID];
    }
    const wrong = this.keyProblem(session, address) ?? this.outOfTime(timestamp);
    if (wrong !== null) return [EstablishmentRejectCode.Credentials, wrong];
    if (timestamp <= session.lastEstablishMs) {
      const sentence = `timestamp must be later than ${session.lastEstablishMs} of the Establish before`;
      return [EstablishmentRejectCode.Credentials, sentence];
    }
    if (session.connection !== null) {
      return [EstablishmentRejectCode.AlreadyEstablished, 'the session has a connection already'];
    }
    const { keepaliveMsMin, keepaliveMsMax } = fixpLimits;
    if (keepaliveMs < keepaliveMsMin || keepaliveMs > keepaliveMsMax) {
      const sentence = `keepaliveInterval must be from ${keepaliveMsMin} to ${keepaliveMsMax}, but is ${keepaliveMs}`;
      return [EstablishmentRejectCode.KeepaliveInterval, sentence];
    }
    if (nextSeqNo < 1 || nextSeqNo > Number.MAX_SAFE_INTEGER) {
      return [EstablishmentRejectCode.Unspecified, 'nextSeqNo must be from 1 to 2^53 - 1'];
    }
    return null;
  }

  private fromBefore(timestamp: number): string | null {
    if (!this.negotiations.isFromBefore(timestamp)) return null;
    return 'timestamp must not be from before the start of the server: sign anew';
  }

  private outOfTime(timestamp: number): string | null {
    const nowMs = this.context.nowMs();
    const { loginTimeToleranceMs } = this.context.limits;
    if (Math.abs(nowMs - timestamp) <= loginTimeToleranceMs) return null;
    return `timestamp must be within ${loginTimeToleranceMs} ms of the server's ${nowMs}, but is ${timestamp}`;
  }

  private rejectNegotiation(
    connection: FixpConnection,
    id: Uint8Array,
    timestamp: number,
    code: NegotiationRejectCode,
    reason: string,
  ): void {
    connection.send(this.context.nowMs(), (view, at) => {
      const reject = this.negotiationReject.wrapAndApplyHeader(view, at).putSessionId(id, 0);
      return messageBytes(reject.requestTimestamp(timestamp).code(code).reason(reason));
    });
    this.failed(connection);
  }

  private rejectEstablishment(
    connection: FixpConnection,
    id: Uint8Array,
    timestamp: number,
    code: EstablishmentRejectCode,
    reason: string,
  ): void {
    connection.send(this.context.nowMs(), (view, at) => {
      const reject = this.establishmentReject.wrapAndApplyHeader(view, at).putSessionId(id, 0);
      return messageBytes(reject.requestTimestamp(timestamp).code(code).reason(reason));
    });
    this.failed(connection);
  }

  private failed(connection: FixpConnection): void {
    const most = this.context.limits.loginFailuresMax;
    if (++connection.failures < most) return;
    const sentence = `${most} attempts to begin failed`;
    connection.terminate(TerminationCode.TooManyViolations, sentence, this.context.nowMs());
  }
}

const SIGNATURE_IS_INVALID =
  'signature must be over the text of the protocol with the key of the account';
const UNNEGOTIATED: [EstablishmentRejectCode, string] = [
  EstablishmentRejectCode.Unnegotiated,
  'the session is not known; negotiate a new one',
];
