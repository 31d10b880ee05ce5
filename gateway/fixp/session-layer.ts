import type { ApplicationMessages } from './application-messages.js';
import { type FixpConnection, messageBytes } from './fixp-connection.js';
import type { FixpLimits } from './fixp-limits.js';
import type { FixpSession } from './fixp-session.js';
import type { FramingFault } from './framing.js';
import * as sbe from './generated/index.js';
import type { Handshake } from './handshake.js';

const { TerminationCode, SBE_HEADER_LENGTH, SBE_SCHEMA_ID } = sbe;
/** Application messages of clients. */
const APPLICATION_FIRST = 101;
const APPLICATION_LAST = 199;
const SESSION_LAST = 99;
/** Messages that come again for the price of one request. */
const MESSAGES_A_TOKEN = 50;

/**
 * Takes the frames of a connection: which messages may come when, and which number each application message has. Whatever cannot be
 * read ends the connection with a code, because behind it nothing can be trusted; the session stays, and nothing has changed.
 */
export class SessionLayer {
  private readonly handshake: Handshake;
  private readonly application: ApplicationMessages;
  private readonly limits: FixpLimits;
  private readonly strikesMax: number;
  private readonly nowMs: () => number;
  private readonly negotiate = new sbe.NegotiateDecoder();
  private readonly establish = new sbe.EstablishDecoder();
  private readonly sequence = new sbe.SequenceDecoder();
  private readonly retransmitRequest = new sbe.RetransmitRequestDecoder();
  private readonly retransmission = new sbe.RetransmissionEncoder();
  private readonly retransmitReject = new sbe.RetransmitRejectEncoder();
  private readonly at = {
    clockMs: 0,
    view: this.negotiate.sbeView,
    offset: 0,
    blockLength: 0,
    version: 0,
  };

  constructor(
    handshake: Handshake,
    application: ApplicationMessages,
    limits: FixpLimits,
    strikesMax: number,
    nowMs: () => number,
  ) {
    this.handshake = handshake;
    this.application = application;
    this.limits = limits;
    this.strikesMax = strikesMax;
    this.nowMs = nowMs;
  }

  /** Takes bytes as they come from the socket. */
  receive(connection: FixpConnection, chunk: Buffer): void {
    if (connection.closed || connection.finishing) return;
    connection.lastHeardMs = this.nowMs();
    this.at.clockMs = performance.now();
    const fault = connection.take(chunk, (view, at, end) => {
      this.message(connection, view, at, end);
      return !connection.closed && !connection.finishing;
    });
    if (fault !== null) this.faulty(connection, fault);
  }

  private message(connection: FixpConnection, view: DataView, at: number, end: number): void {
    const { at: place } = this;
    const templateId = view.getUint16(at + 2, true);
    const schemaId = view.getUint16(at + 4, true);
    if (schemaId !== SBE_SCHEMA_ID) {
      this.unreadable(connection, `schemaId must be ${SBE_SCHEMA_ID}, but is ${schemaId}`);
      return;
    }
    place.view = view;
    place.offset = at + SBE_HEADER_LENGTH;
    place.blockLength = view.getUint16(at, true);
    place.version = view.getUint16(at + 6, true);
    if (templateId >= APPLICATION_FIRST && templateId <= APPLICATION_LAST) {
      this.applicationMessage(connection, templateId, end);
    } else if (templateId <= SESSION_LAST) this.sessionMessage(connection, templateId, end);
    else this.unexpected(connection, templateId);
  }

  private applicationMessage(connection: FixpConnection, templateId: number, end: number): void {
    const { session } = connection;
    if (session === null) {
      this.unexpected(connection, templateId);
      return;
    }
    if (!this.application.fits(templateId, this.at, end)) {
      this.unreadable(connection, `message ${templateId} does not fit into its frame`);
      return;
    }
    const seqNo = connection.incomingSeqNo++;
    // It was taken before: its answer is in the flow, and can be asked for.
    if (seqNo < session.expectedSeqNo) return;
    const bytes = end - this.at.offset;
    this.application.take(connection, templateId, this.at, bytes);
  }

  private sessionMessage(connection: FixpConnection, templateId: number, end: number): void {
    const { view, offset, blockLength, version } = this.at;
    const whole = (fits: typeof sbe.fitsNegotiate) => {
      if (fits(view, offset, end, blockLength, version)) return true;
      this.unreadable(connection, `message ${templateId} does not fit into its frame`);
      return false;
    };
    const isBound = connection.session !== null;
    if (isBound && !this.isAffordable(connection, 1)) return;
    if (templateId === sbe.NegotiateDecoder.TEMPLATE_ID && !isBound) {
      const message = this.negotiate.wrap(view, offset, blockLength, version);
      if (whole(sbe.fitsNegotiate)) this.handshake.negotiate(connection, message);
    } else if (templateId === sbe.EstablishDecoder.TEMPLATE_ID && !isBound) {
      const message = this.establish.wrap(view, offset, blockLength, version);
      if (whole(sbe.fitsEstablish)) this.handshake.establish(connection, message);
    } else if (templateId === sbe.SequenceDecoder.TEMPLATE_ID && isBound) {
      if (whole(sbe.fitsSequence)) this.heard(connection);
    } else if (templateId === sbe.RetransmitRequestDecoder.TEMPLATE_ID && isBound) {
      if (whole(sbe.fitsRetransmitRequest)) this.retransmit(connection);
    } else if (templateId === sbe.TerminateDecoder.TEMPLATE_ID) {
      if (!whole(sbe.fitsTerminate)) return;
      // Answers to what came before it may still be on their way to the flow.
      connection.finishing = true;
    } else this.unexpected(connection, templateId);
  }

  /** The client tells the number of its next message: a higher one leaves some out, a lower one repeats some. */
  private heard(connection: FixpConnection): void {
    const { view, offset, blockLength, version } = this.at;
    const nextSeqNo = this.sequence.wrap(view, offset, blockLength, version).nextSeqNo();
    if (nextSeqNo < 1 || nextSeqNo > Number.MAX_SAFE_INTEGER) {
      const sentence = `nextSeqNo must be from 1 to 2^53 - 1, but is ${nextSeqNo}`;
      connection.terminate(TerminationCode.UnspecifiedError, sentence, this.nowMs());
      return;
    }
    connection.incomingSeqNo = nextSeqNo;
    this.handshake.noteGap(connection, nextSeqNo);
  }

  private retransmit(connection: FixpConnection): void {
    const { view, offset, blockLength, version } = this.at;
    const request = this.retransmitRequest.wrap(view, offset, blockLength, version);
    const session = connection.session as FixpSession;
    const { flow, identity } = session;
    const id = new Uint8Array(16);
    request.getSessionId(id, 0);
    const [fromSeqNo, count] = [request.fromSeqNo(), request.count()];
    const timestamp = request.timestamp();
    const { OutOfRange, InvalidSession, RequestLimitExceeded } = sbe.RetransmitRejectCode;
    const refuse = (code: sbe.RetransmitRejectCode, reason: string) => {
      connection.send(this.nowMs(), (out, at) => {
        const reject = this.retransmitReject.wrapAndApplyHeader(out, at).putSessionId(id, 0);
        return messageBytes(reject.requestTimestamp(timestamp).code(code).reason(reason));
      });
    };
    if (Buffer.from(id).toString('hex') !== identity.id) {
      refuse(InvalidSession, 'sessionId must be that of this session');
      return;
    }
    if (count < 1 || count > this.limits.retransmitMax) {
      const sentence = `count must be from 1 to ${this.limits.retransmitMax}, but is ${count}`;
      refuse(RequestLimitExceeded, sentence);
      return;
    }
    const { firstSeqNo, nextSeqNo } = flow;
    if (fromSeqNo < firstSeqNo || fromSeqNo + count > nextSeqNo) {
      const sentence = `messages from ${firstSeqNo} to ${nextSeqNo - 1} are there, but ${count} from ${fromSeqNo} on are asked for`;
      refuse(OutOfRange, sentence);
      return;
    }
    const clockMs = performance.now();
    if (!session.bucket(clockMs).take(Math.ceil(count / MESSAGES_A_TOKEN), clockMs)) {
      refuse(RequestLimitExceeded, 'the account is over its rate: try again');
      return;
    }
    const now = this.nowMs();
    connection.send(now, (out, at) => {
      const message = this.retransmission.wrapAndApplyHeader(out, at).putSessionId(id, 0);
      return messageBytes(message.nextSeqNo(fromSeqNo).requestTimestamp(timestamp).count(count));
    });
    for (const part of flow.slice(fromSeqNo, count)) connection.write(part, now);
    // From here on the flow goes on where it was.
    connection.sendSequence(now);
  }

  /** Session messages count like others; too many over the rate end the connection. */
  private isAffordable(connection: FixpConnection, tokens: number): boolean {
    const clockMs = performance.now();
    if ((connection.session as FixpSession).bucket(clockMs).take(tokens, clockMs)) return true;
    if (++connection.strikes <= this.strikesMax) return true;
    const sentence = `more than ${this.strikesMax} messages over the rate`;
    connection.terminate(TerminationCode.FloodingConsumer, sentence, this.nowMs());
    return false;
  }

  private unexpected(connection: FixpConnection, templateId: number): void {
    const state = connection.session === null ? 'before Establish' : 'in an established session';
    const sentence = `message ${templateId} may not come from a client ${state}`;
    connection.terminate(TerminationCode.UnexpectedMessage, sentence, this.nowMs());
  }

  private unreadable(connection: FixpConnection, sentence: string): void {
    connection.terminate(TerminationCode.DecodingError, sentence, this.nowMs());
  }

  private faulty(connection: FixpConnection, fault: FramingFault): void {
    const isTooLong = fault === 'tooLong';
    const code = isTooLong ? TerminationCode.MessageTooLarge : TerminationCode.DecodingError;
    const sentence = isTooLong
      ? `a frame must be at most ${this.limits.frameBytesMax} bytes`
      : 'a frame must begin with its length, at least that of both headers, and EB 50';
    connection.terminate(code, sentence, this.nowMs());
  }
}
