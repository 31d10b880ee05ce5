import { pack, unpack } from 'msgpackr';
import {
  EF_LOTS,
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_PRICE,
  EW_REQUEST,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_ACCEPTED } from '../../engine/messages/types.js';
import { EventMessages } from '../../gateway/codec/event-messages.js';
import { FastRequests } from '../../gateway/codec/fast-requests.js';
import { JsonSink } from '../../gateway/codec/json-sink.js';
import type { MessageSink } from '../../gateway/codec/message-sink.js';
import { MsgpackSink } from '../../gateway/codec/msgpack-sink.js';
import { OrderDraft } from '../../gateway/commands/draft.js';
import { Markets } from '../../gateway/markets.js';
import { REQUESTS } from '../../gateway/protocol/requests.js';
import { RequestTimes } from '../../gateway/session/request-times.js';
import { benchMarketParams } from '../book/core-setup.js';
import { BENCH_MARKET } from '../book/encode.js';
import { type Kernel, OPERATIONS } from './kernel.js';

const TIME_MS = 1_767_225_600_000;

export function codecKernels(): Kernel[] {
  const markets = new Markets();
  const market = markets.put(BENCH_MARKET, benchMarketParams('BENCH-1'));
  const fields = [market.params.symbol, 0, '13107.2', '0.01', 0, 0];
  const request = [REQUESTS.place.code, 1_000_000, ...fields];
  const bytes = new Uint8Array(pack(request));
  const text = JSON.stringify(request);
  const decoder = new FastRequests(markets);
  const draft = new OrderDraft();
  if (decoder.decode(bytes, draft) === 0) throw new Error('the request is not of the fast kind');
  return [
    repeated('place: decode to a draft', () => decoder.decode(bytes, draft)),
    repeated('place: msgpackr to an array', () => (unpack(bytes) as unknown[]).length),
    repeated('place: JSON.parse to an array', () => (JSON.parse(text) as unknown[]).length),
    ackKernel('ack: write msgpack', markets, new MsgpackSink()),
    ackKernel('ack: write JSON', markets, new JsonSink()),
  ];
}

function ackKernel(
  name: string,
  markets: Markets,
  sink: MessageSink & { end(): { length: number } | string },
): Kernel {
  const messages = new EventMessages(markets);
  const words = new Int32Array(EVENT_SLOTS * SLOT_WORDS);
  const floats = new Float64Array(words.buffer, 0, EVENT_SLOTS * SLOT_FLOATS);
  words[W_HEAD] = headOf(EVT_ACCEPTED, EVENT_SLOTS, BENCH_MARKET);
  words[EW_REQUEST] = 1_000_000;
  words[EW_PRICE] = 131_072;
  floats[EF_ORDER_ID] = 12_345_678;
  floats[EF_LOTS] = 10;
  const times = new RequestTimes();
  times.messageCame();
  times.note(0, 1_000_000);
  const nowMs = performance.now();
  return repeated(name, () => {
    messages.answer(sink, words, floats, 0, TIME_MS, times, nowMs);
    return sink.end().length;
  });
}

function repeated(name: string, once: () => number): Kernel {
  const run = (): number => {
    let sum = 0;
    for (let i = 0; i < OPERATIONS; i++) sum += once();
    return sum;
  };
  return { name, operations: OPERATIONS, run };
}
