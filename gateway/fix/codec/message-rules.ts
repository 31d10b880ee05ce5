import { type FixMessage, type MessageProblem, problem, REJECT_REASON } from './fix-message.js';
import { timeOf } from './frame-writer.js';
import { MSG, TAG, tagName } from './tags.js';

interface Shape {
  readonly required: readonly number[];
  readonly optional: readonly number[];
  /** Fields of repeating groups, which may come more than once. */
  readonly repeated?: readonly number[];
}

/** SenderLocationID, TargetLocationID, MessageEncoding, LastMsgSeqNumProcessed: taken, and of no effect. */
const HEADER_WITHOUT_EFFECT = [142, 143, 347, 369];
const HEADER: readonly number[] = [
  TAG.MsgType,
  TAG.MsgSeqNum,
  TAG.SenderCompID,
  TAG.SenderSubID,
  TAG.TargetCompID,
  TAG.TargetSubID,
  TAG.SendingTime,
  TAG.PossDupFlag,
  TAG.PossResend,
  TAG.OrigSendingTime,
  ...HEADER_WITHOUT_EFFECT,
];
/** Text, EncodedTextLen, EncodedText. */
const REMARK = [TAG.Text, 354, 355];
/** Parts of Instrument beside the symbol that can name nothing else here. */
const INSTRUMENT = [TAG.SecurityType, 48, 22, 207];
/** Who an order is for and how it is settled, of which there is one kind here; AccountType, OrderCapacity, CustOrderCapacity too. */
const INSTRUCTION = [TAG.Account, TAG.Currency, TAG.HandlInst, 63, 64, 114, 528, 581, 582, 660];
const ORDER_TERMS = [TAG.Price, TAG.StopPx, TAG.TimeInForce, TAG.ExpireTime, TAG.ExecInst];

/**
 * What may stand in each message. A field that would change what is asked for, and that nobody here heeds, must not be
 * passed over: so what is not listed is refused.
 */
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  [MSG.Heartbeat, { required: [], optional: [TAG.TestReqID] }],
  [MSG.TestRequest, { required: [TAG.TestReqID], optional: [] }],
  [MSG.ResendRequest, { required: [TAG.BeginSeqNo, TAG.EndSeqNo], optional: [] }],
  [
    MSG.Reject,
    {
      required: [TAG.RefSeqNum],
      optional: [TAG.RefTagID, TAG.RefMsgType, TAG.SessionRejectReason, ...REMARK],
    },
  ],
  [MSG.SequenceReset, { required: [TAG.NewSeqNo], optional: [TAG.GapFillFlag] }],
  [MSG.Logout, { required: [], optional: REMARK }],
  [
    MSG.Logon,
    {
      required: [TAG.EncryptMethod, TAG.HeartBtInt],
      optional: [
        TAG.RawDataLength,
        TAG.RawData,
        TAG.ResetSeqNumFlag,
        TAG.MaxMessageSize,
        TAG.Username,
        TAG.Password,
        ...REMARK,
      ],
    },
  ],
  [
    MSG.NewOrderSingle,
    {
      required: [TAG.ClOrdID, TAG.Symbol, TAG.Side, TAG.OrdType, TAG.OrderQty],
      optional: [...ORDER_TERMS, ...INSTRUCTION, ...INSTRUMENT, ...REMARK, TAG.TransactTime],
    },
  ],
  [
    MSG.OrderCancelRequest,
    {
      required: [TAG.OrigClOrdID, TAG.ClOrdID, TAG.Symbol],
      optional: [
        TAG.OrderID,
        TAG.Side,
        TAG.OrderQty,
        TAG.TransactTime,
        TAG.Account,
        ...INSTRUMENT,
        ...REMARK,
      ],
    },
  ],
  [
    MSG.OrderCancelReplaceRequest,
    {
      required: [TAG.OrigClOrdID, TAG.ClOrdID, TAG.Symbol, TAG.OrderQty],
      optional: [
        TAG.OrderID,
        TAG.Side,
        TAG.OrdType,
        TAG.Price,
        TAG.TimeInForce,
        TAG.TransactTime,
        ...INSTRUCTION,
        ...INSTRUMENT,
        ...REMARK,
      ],
    },
  ],
  [
    MSG.OrderStatusRequest,
    {
      required: [TAG.ClOrdID, TAG.Symbol],
      optional: [TAG.OrderID, TAG.Side, TAG.Account, 790, ...INSTRUMENT],
    },
  ],
  [
    MSG.OrderMassStatusRequest,
    {
      required: [TAG.MassStatusReqID, TAG.MassStatusReqType],
      optional: [TAG.Symbol, TAG.Side, TAG.Account, ...INSTRUMENT],
    },
  ],
  [
    MSG.OrderMassCancelRequest,
    {
      required: [TAG.ClOrdID, TAG.MassCancelRequestType],
      optional: [TAG.Symbol, TAG.Side, TAG.TransactTime, TAG.Account, ...INSTRUMENT, ...REMARK],
    },
  ],
  [
    MSG.MarketDataRequest,
    {
      required: [TAG.MDReqID, TAG.SubscriptionRequestType, TAG.MarketDepth],
      optional: [TAG.MDUpdateType, TAG.AggregatedBook, TAG.NoMDEntryTypes, TAG.NoRelatedSym],
      repeated: [TAG.MDEntryType, TAG.Symbol, ...INSTRUMENT],
    },
  ],
]);

const INTEGERS: readonly number[] = [
  TAG.BeginSeqNo,
  TAG.EndSeqNo,
  TAG.NewSeqNo,
  TAG.RefSeqNum,
  TAG.HeartBtInt,
  TAG.EncryptMethod,
  TAG.MarketDepth,
  TAG.MDUpdateType,
  TAG.NoMDEntryTypes,
  TAG.NoRelatedSym,
  TAG.MassStatusReqType,
];
const FLAGS: readonly number[] = [
  TAG.PossDupFlag,
  TAG.PossResend,
  TAG.GapFillFlag,
  TAG.ResetSeqNumFlag,
  TAG.AggregatedBook,
];
const TIMES: readonly number[] = [
  TAG.SendingTime,
  TAG.OrigSendingTime,
  TAG.TransactTime,
  TAG.ExpireTime,
];

/** Whether this door knows the message; any other that FIX has is answered by a BusinessMessageReject. */
export function isKnownType(type: string): boolean {
  return SHAPES.has(type);
}

/** The first thing that is wrong with the form of a message of a known type; null: nothing. */
export function formProblem(message: FixMessage): MessageProblem | null {
  if (message.malformed !== null) return message.malformed;
  const shape = SHAPES.get(message.type) as Shape;
  const seen = new Set<number>();
  for (const [i, tag] of message.tags.entries()) {
    const isRepeated = shape.repeated?.includes(tag) === true;
    if (!isRepeated && !isAllowed(tag, shape)) {
      const text = `${tagName(tag)} is not supported in this message`;
      return problem(REJECT_REASON.tagNotDefinedForMessage, tag, text);
    }
    if (!isRepeated && seen.has(tag)) {
      return problem(REJECT_REASON.tagAppearsTwice, tag, `${tagName(tag)} must come once`);
    }
    seen.add(tag);
    const wrong = formatProblem(tag, message.values[i] as string);
    if (wrong !== null) return wrong;
  }
  const missing = shape.required.find((tag) => !seen.has(tag));
  if (missing === undefined) return null;
  const text = `${tagName(missing)} must be present`;
  return problem(REJECT_REASON.requiredTagMissing, missing, text);
}

function isAllowed(tag: number, { required, optional }: Shape): boolean {
  return HEADER.includes(tag) || required.includes(tag) || optional.includes(tag);
}

function formatProblem(tag: number, value: string): MessageProblem | null {
  const wanted = wantedFormat(tag, value);
  if (wanted === null) return null;
  const shown = JSON.stringify(value.slice(0, 40));
  const text = `${tagName(tag)} must be ${wanted}, but is ${shown}`;
  return problem(REJECT_REASON.incorrectDataFormat, tag, text);
}

/** What the value should have been, null when it is. */
function wantedFormat(tag: number, value: string): string | null {
  if (INTEGERS.includes(tag)) return /^\d{1,10}$/.test(value) ? null : 'an integer from 0 on';
  if (FLAGS.includes(tag)) return value === 'Y' || value === 'N' ? null : 'Y or N';
  if (!TIMES.includes(tag) || !Number.isNaN(timeOf(value))) return null;
  return 'a UTC timestamp, YYYYMMDD-HH:MM:SS.sss';
}
