import type { FixMessage, MessageProblem } from '../codec/fix-message.js';
import { positiveInteger, problem, REJECT_REASON } from '../codec/fix-message.js';
import type { Frame } from '../codec/frame-reader.js';
import { FixBody, timeOf } from '../codec/frame-writer.js';
import { formProblem, isKnownType } from '../codec/message-rules.js';
import { BEGIN_STRING, MSG, TAG, VENUE_COMP_ID } from '../codec/tags.js';
import type { SessionNumbers } from './session-numbers.js';

/** What a session makes happen. */
export interface SessionActions {
  /** Sends a message with the next number. */
  send(type: string, body: FixBody): void;
  /** Takes an application message, in order and each once. */
  deliver(message: FixMessage): void;
  /** Sends what went out under these numbers once more. */
  resend(from: number, to: number): void;
  /** Ends the connection when everything sent so far is out. */
  disconnect(reason: string): void;
}

export interface SessionTerms {
  /** SenderCompID that the client has logged on with. */
  readonly client: string;
  readonly heartbeatMs: number;
  /** Messages with something wrong in a row after which the session ends. */
  readonly strikesMax: number;
}

/** Largest distance between SendingTime and the clock here. */
const SENDING_TIME_TOLERANCE_MS = 120_000;
/** What a message may take on its way, in heartbeat intervals: then it is asked for, then given up. */
const SILENCE_BEFORE_TEST = 1.2;
const SILENCE_BEFORE_END = 2.4;
const LOGOUT_WAIT_MS = 2_000;
/** BusinessRejectReason: the message type is not supported. */
const UNSUPPORTED_MESSAGE = 3;

/**
 * One connection's part of a FIX session, from its Logon on: which message is the next, what is missing, who is still there.
 * It knows no socket and no clock; times come with the calls, and what follows goes to `actions`.
 */
export class FixSession {
  readonly terms: SessionTerms;
  private readonly numbers: SessionNumbers;
  private readonly actions: SessionActions;
  private state: 'active' | 'ending' | 'ended' = 'active';
  private lastSentMs: number;
  private lastReceivedMs: number;
  /** A TestRequest is out. */
  private isTesting = false;
  private endingSinceMs = 0;
  /** Messages up to this number have been asked for again; 0: nothing is missing. */
  private gapEnd = 0;
  private gapAskedMs = 0;
  private strikes = 0;

  constructor(
    terms: SessionTerms,
    numbers: SessionNumbers,
    actions: SessionActions,
    nowMs: number,
  ) {
    this.terms = terms;
    this.numbers = numbers;
    this.actions = actions;
    this.lastSentMs = nowMs;
    this.lastReceivedMs = nowMs;
  }

  get isActive(): boolean {
    return this.state === 'active';
  }

  /** Answers the Logon, whose form and credentials are right. `isReset`: both numbers were set to 1 for it. */
  logon(message: FixMessage, isReset: boolean, nowMs: number): void {
    const { numbers, actions } = this;
    const { sequence } = message;
    if (sequence < numbers.nextIn) {
      this.endAsTooLow(sequence, nowMs);
      return;
    }
    const body = new FixBody()
      .field(TAG.EncryptMethod, 0)
      .field(TAG.HeartBtInt, this.terms.heartbeatMs / 1_000);
    if (isReset) body.field(TAG.ResetSeqNumFlag, 'Y');
    actions.send(MSG.Logon, body);
    if (sequence > numbers.nextIn) this.askFor(sequence, nowMs);
    else this.accept(sequence);
  }

  /** Takes a frame that came whole. */
  receive(frame: Frame, nowMs: number): void {
    if (this.state === 'ended') return;
    this.lastReceivedMs = nowMs;
    this.isTesting = false;
    const { message, beginString } = frame;
    if (beginString !== BEGIN_STRING) {
      this.end(`BeginString must be ${BEGIN_STRING}`, nowMs);
      return;
    }
    const { sequence } = message;
    if (sequence === 0) {
      this.end('MsgSeqNum must be an integer from 1 on', nowMs);
      return;
    }
    const wrong = this.headerProblem(message, nowMs);
    if (wrong !== null) {
      this.reject(message, wrong);
      this.accept(sequence);
      this.end(wrong.text, nowMs);
      return;
    }
    // A reset means that numbers have gone wrong, so its own counts for nothing.
    const isReset = message.type === MSG.SequenceReset && message.get(TAG.GapFillFlag) !== 'Y';
    if (isReset) this.reset(message);
    else if (sequence < this.numbers.nextIn) this.tooLow(message, nowMs);
    else if (sequence > this.numbers.nextIn) this.tooHigh(message, nowMs);
    else this.inOrder(message, nowMs);
  }

  /** Time has passed: heartbeats, questions, and the end of who does not answer. */
  tick(nowMs: number): void {
    if (this.state === 'ended') return;
    if (this.state === 'ending') {
      if (nowMs - this.endingSinceMs >= LOGOUT_WAIT_MS) this.finish('no Logout came back');
      return;
    }
    const { heartbeatMs } = this.terms;
    const silence = nowMs - this.lastReceivedMs;
    if (silence >= heartbeatMs * SILENCE_BEFORE_END) {
      this.actions.send(
        MSG.Logout,
        new FixBody().sentence(TAG.Text, 'no message or heartbeat came'),
      );
      this.finish('no message or heartbeat came');
      return;
    }
    if (silence >= heartbeatMs * SILENCE_BEFORE_TEST && !this.isTesting) {
      this.isTesting = true;
      this.actions.send(MSG.TestRequest, new FixBody().field(TAG.TestReqID, `T${nowMs}`));
    }
    if (nowMs - this.lastSentMs >= heartbeatMs) this.actions.send(MSG.Heartbeat, new FixBody());
    if (this.gapEnd !== 0 && nowMs - this.gapAskedMs >= heartbeatMs) this.ask(nowMs);
  }

  /** Something was sent. */
  sent(nowMs: number): void {
    this.lastSentMs = nowMs;
  }

  /** Says goodbye and waits for the client's. */
  end(text: string, nowMs: number): void {
    if (this.state !== 'active') return;
    this.state = 'ending';
    this.endingSinceMs = nowMs;
    this.actions.send(MSG.Logout, new FixBody().sentence(TAG.Text, text));
  }

  /** Nothing that comes counts any more. */
  stop(): void {
    this.state = 'ended';
  }

  /** Refuses a message of which the form is right as far as the session goes. */
  reject(message: FixMessage, wrong: MessageProblem): void {
    const body = new FixBody().field(TAG.RefSeqNum, message.sequence);
    if (wrong.tag !== 0) body.field(TAG.RefTagID, wrong.tag);
    if (/^[A-Za-z0-9]{1,4}$/.test(message.type)) body.field(TAG.RefMsgType, message.type);
    body.field(TAG.SessionRejectReason, wrong.reason).sentence(TAG.Text, wrong.text);
    this.actions.send(MSG.Reject, body);
    this.strikes++;
  }

  private headerProblem(message: FixMessage, nowMs: number): MessageProblem | null {
    const { client } = this.terms;
    const expected = [
      { tag: TAG.SenderCompID, value: client },
      { tag: TAG.TargetCompID, value: VENUE_COMP_ID },
    ];
    for (const { tag, value } of expected) {
      if (message.get(tag) === value) continue;
      return problem(
        REJECT_REASON.compIdProblem,
        tag,
        'SenderCompID and TargetCompID must be those of the Logon',
      );
    }
    const sent = timeOf(message.get(TAG.SendingTime) ?? '');
    if (Math.abs(sent - nowMs) <= SENDING_TIME_TOLERANCE_MS) return null;
    const text = Number.isNaN(sent)
      ? 'SendingTime must be a UTC timestamp'
      : `SendingTime must be within ${SENDING_TIME_TOLERANCE_MS} ms of the time here`;
    return problem(REJECT_REASON.sendingTimeAccuracy, TAG.SendingTime, text);
  }

  /** SequenceReset without GapFillFlag. */
  private reset(message: FixMessage): void {
    const next = positiveInteger(message.get(TAG.NewSeqNo));
    if (next >= this.numbers.nextIn) {
      this.numbers.skipTo(next);
      this.gapEnd = 0;
      return;
    }
    const text = `NewSeqNo must be at least ${this.numbers.nextIn}, the number that comes next`;
    this.reject(message, problem(REJECT_REASON.valueIncorrect, TAG.NewSeqNo, text));
  }

  private tooLow(message: FixMessage, nowMs: number): void {
    if (!message.isPossibleDuplicate) {
      this.endAsTooLow(message.sequence, nowMs);
      return;
    }
    const wrong = duplicateProblem(message);
    if (wrong !== null) this.reject(message, wrong);
  }

  private endAsTooLow(sequence: number, nowMs: number): void {
    const { nextIn } = this.numbers;
    this.end(`MsgSeqNum too low, expecting ${nextIn} but received ${sequence}`, nowMs);
    this.finish('MsgSeqNum too low');
  }

  /** Something is missing before it. It will come again behind that, so only what cannot wait is done now. */
  private tooHigh(message: FixMessage, nowMs: number): void {
    if (message.type === MSG.ResendRequest && formProblem(message) === null) {
      this.resendTo(message);
    }
    if (message.type === MSG.Logout) {
      this.loggedOut();
      return;
    }
    this.askFor(message.sequence, nowMs);
  }

  private inOrder(message: FixMessage, nowMs: number): void {
    const { numbers } = this;
    const { type, sequence } = message;
    const isAgain = message.isPossibleDuplicate && numbers.isAnswered(sequence);
    if (!isKnownType(type)) {
      this.unknownType(message);
      this.accept(sequence);
    } else {
      const wrong =
        formProblem(message) ?? (message.isPossibleDuplicate ? duplicateProblem(message) : null);
      if (wrong !== null) {
        this.reject(message, wrong);
        this.accept(sequence);
      } else if (isAdministrative(type)) this.administrative(message, nowMs);
      else if (this.state === 'active') {
        this.strikes = 0;
        this.step(sequence);
        if (!isAgain) this.actions.deliver(message);
      }
      // Behind a Logout it stays the next one, and is asked for when the client is back.
    }
    if (this.strikes > this.terms.strikesMax) {
      this.end(`more than ${this.terms.strikesMax} wrong messages in a row`, nowMs);
    }
  }

  private administrative(message: FixMessage, nowMs: number): void {
    const { type, sequence } = message;
    if (type === MSG.SequenceReset) {
      this.gapFill(message);
      return;
    }
    this.accept(sequence);
    if (type === MSG.TestRequest) {
      const body = new FixBody().field(TAG.TestReqID, message.get(TAG.TestReqID) as string);
      this.actions.send(MSG.Heartbeat, body);
    } else if (type === MSG.ResendRequest) this.resendTo(message);
    else if (type === MSG.Logout) this.loggedOut();
    else if (type === MSG.Logon) this.end('the session is logged on already', nowMs);
  }

  private gapFill(message: FixMessage): void {
    const next = positiveInteger(message.get(TAG.NewSeqNo));
    if (next > message.sequence) {
      this.numbers.skipTo(next);
      this.closeGap();
      return;
    }
    const text = 'NewSeqNo must be above MsgSeqNum';
    this.reject(message, problem(REJECT_REASON.valueIncorrect, TAG.NewSeqNo, text));
    this.accept(message.sequence);
  }

  private resendTo(message: FixMessage): void {
    const from = positiveInteger(message.get(TAG.BeginSeqNo));
    const to = positiveInteger(message.get(TAG.EndSeqNo));
    const last = this.numbers.nextOut - 1;
    if (from === 0 || from > last || (to !== 0 && to < from)) {
      const text = `BeginSeqNo must be from 1 to ${last}, and EndSeqNo 0 or not below it`;
      this.reject(message, problem(REJECT_REASON.valueIncorrect, TAG.BeginSeqNo, text));
      return;
    }
    this.actions.resend(from, to === 0 ? last : Math.min(to, last));
  }

  private loggedOut(): void {
    if (this.state === 'active') this.actions.send(MSG.Logout, new FixBody());
    this.finish('logged out');
  }

  private unknownType(message: FixMessage): void {
    const { type } = message;
    // Types of FIX 4.4 have one or two characters; with more it is none of any version.
    if (!/^[A-Za-z0-9]{1,2}$/.test(type)) {
      const text = 'MsgType must be one of FIX 4.4';
      this.reject(message, problem(REJECT_REASON.invalidMsgType, TAG.MsgType, text));
      return;
    }
    this.strikes++;
    const body = new FixBody()
      .field(TAG.RefSeqNum, message.sequence)
      .field(TAG.RefMsgType, type)
      .field(TAG.BusinessRejectReason, UNSUPPORTED_MESSAGE)
      .sentence(TAG.Text, `messages of type ${type} are not supported`);
    this.actions.send(MSG.BusinessMessageReject, body);
  }

  private askFor(upTo: number, nowMs: number): void {
    if (this.gapEnd !== 0) return;
    this.gapEnd = upTo;
    this.ask(nowMs);
  }

  private ask(nowMs: number): void {
    this.gapAskedMs = nowMs;
    const body = new FixBody().field(TAG.BeginSeqNo, this.numbers.nextIn).field(TAG.EndSeqNo, 0);
    this.actions.send(MSG.ResendRequest, body);
  }

  /** The message has come and needs no further answer. */
  private accept(sequence: number): void {
    if (sequence !== this.numbers.nextIn) return;
    this.numbers.answer(sequence);
    this.step(sequence);
  }

  private step(sequence: number): void {
    this.numbers.nextIn = sequence + 1;
    this.closeGap();
  }

  private closeGap(): void {
    if (this.numbers.nextIn > this.gapEnd) this.gapEnd = 0;
  }

  private finish(reason: string): void {
    this.state = 'ended';
    this.actions.disconnect(reason);
  }
}

function isAdministrative(type: string): boolean {
  return /^[0-5A]$/.test(type);
}

/** A message that may be a duplicate has to say when it was sent first. */
function duplicateProblem(message: FixMessage): MessageProblem | null {
  const original = message.get(TAG.OrigSendingTime);
  if (original === undefined) {
    const text = 'OrigSendingTime must be present when PossDupFlag is Y';
    return problem(REJECT_REASON.requiredTagMissing, TAG.OrigSendingTime, text);
  }
  const sent = timeOf(message.get(TAG.SendingTime) ?? '');
  if (timeOf(original) <= sent) return null;
  const text = 'OrigSendingTime must not be later than SendingTime';
  return problem(REJECT_REASON.sendingTimeAccuracy, TAG.OrigSendingTime, text);
}
