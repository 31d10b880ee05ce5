import * as layout from '../../../engine/messages/layout.js';
import type { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import * as types from '../../../engine/messages/types.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';

/** Every event as plain numbers by the layout's names, kept for good. */
interface Told {
  type: number;
  marketId: number;
  account: number;
  timeMs: number;
  clientId: string;
  word(offset: number): number;
  float(offset: number): number;
}

/**
 * What a shard's history must be, told a second time: all events are kept, and each table is worked out from the whole list at the end, row
 * by row, as the text that a dump of the table has. It shares neither code nor method with the fold.
 */
export class Story {
  private readonly events: Told[] = [];
  private readonly hosted = new Set<number>();

  readonly hear = (shard: ShardCore, events: MessageBuffer, timeMs: number): void => {
    for (const market of shard.markets) this.hosted.add(market.marketId);
    const words = events.words.slice(0, events.length * 16);
    const floats = new Float64Array(words.buffer);
    for (let at = 0; at < words.length; ) {
      const head = words[at] as number;
      const slots = (head >>> 8) & 0xff;
      const own = at;
      let clientId = '';
      if (slots > 1) clientId = String(floats[at / 2 + layout.EF_CLIENT_ID] || '');
      if (slots > 2 && clientId === '') {
        const length = words[at + layout.EW_CLIENT_TEXT_LENGTH] as number;
        if (length >= 1 && length <= 36) {
          const bytes = Buffer.from(words.buffer, (at + layout.EW_CLIENT_TEXT) * 4, length);
          clientId = bytes.toString('latin1');
        }
      }
      this.events.push({
        type: head & 0xff,
        marketId: head >>> 16,
        account: words[at + 1] as number,
        timeMs,
        clientId,
        word: (offset) => words[own + offset] as number,
        float: (offset) => (slots > 1 ? (floats[own / 2 + offset] as number) : 0),
      });
      at += slots * 16;
    }
  };

  tables(): Record<string, string[]> {
    const own = this.events.filter((event) => event.float(layout.EF_ACCOUNT_SEQUENCE) > 0);
    const of = (...wanted: number[]) => own.filter(({ type }) => wanted.includes(type));
    const sorted = (rows: unknown[][]) => rows.map((row) => row.map(String).join()).sort();
    const { trades, candles } = this.market();
    const rates = this.events.filter(({ type, marketId }) => {
      return type === types.EVT_FUNDING_RATE && this.hosted.has(marketId);
    });
    return {
      orders: sorted(orderRows(own)),
      changes: sorted(of(...CHANGES).map(changeRow)),
      fills: sorted(of(types.EVT_FILL).map(fillRow)),
      funding: sorted(of(types.EVT_FUNDING).map(fundingRow)),
      transfers: sorted(transferRows(own)),
      liquidations: sorted(liquidationRows(own)),
      trades: sorted(trades),
      funding_rates: sorted(rates.map(rateRow)),
      candles: sorted(candles),
    };
  }

  private market(): { trades: unknown[][]; candles: unknown[][] } {
    const fills = this.events.filter(({ type, marketId, word }) => {
      const isTaker = (word(layout.EW_FLAGS) & types.FLAG_MAKER) === 0;
      return type === types.EVT_FILL && isTaker && this.hosted.has(marketId);
    });
    const trades = fills.map(({ marketId, timeMs, word, float }) => [
      marketId,
      float(layout.EF_TRADE_SEQUENCE),
      word(layout.EW_PRICE),
      float(layout.EF_LOTS),
      word(layout.EW_FLAGS) & 1,
      (word(layout.EW_FLAGS) & types.FLAG_LIQUIDATION) === 0 ? 0 : 1,
      float(layout.EF_SEQUENCE),
      timeMs,
      float(layout.EF_ORDER_ID),
    ]);
    const candles: unknown[][] = [];
    for (const seconds of [1, 60, 300, 900, 3_600, 14_400, 86_400]) {
      const periods = new Map<string, Told[]>();
      for (const fill of fills) {
        const period = Math.floor(fill.timeMs / seconds / 1_000);
        const key = `${fill.marketId}/${period}`;
        periods.set(key, [...(periods.get(key) ?? []), fill]);
      }
      for (const [key, inPeriod] of periods) candles.push(candleRow(key, seconds, inPeriod));
    }
    return { trades, candles };
  }
}

function rateRow({ marketId, timeMs, word, float }: Told): unknown[] {
  const terms = [float(layout.EF_RATE_PPB), float(layout.EF_FEE), word(layout.EW_PRICE)];
  return [marketId, float(layout.EF_SEQUENCE), timeMs, ...terms];
}

function candleRow(key: string, seconds: number, fills: readonly Told[]): unknown[] {
  const [marketId, period] = key.split('/').map(Number);
  const prices = fills.map(({ word }) => word(layout.EW_PRICE));
  const lots = fills.map(({ float }) => BigInt(float(layout.EF_LOTS)));
  const bought = fills.map(({ word }, i) => {
    return (word(layout.EW_FLAGS) & types.FLAG_SIDE) === types.SIDE_BUY ? (lots[i] as bigint) : 0n;
  });
  const sum = (own: readonly bigint[]) => own.reduce((total, one) => total + one, 0n);
  const value = (own: readonly bigint[]) => {
    return sum(own.map((one, i) => one * BigInt(prices[i] as number)));
  };
  return [
    marketId,
    seconds * 1_000,
    (period as number) * seconds * 1_000,
    prices[0],
    Math.max(...prices),
    Math.min(...prices),
    prices.at(-1),
    sum(lots),
    value(lots),
    fills.length,
    fills.at(-1)?.float(layout.EF_TRADE_SEQUENCE),
    sum(bought),
    value(bought),
  ];
}

const CHANGES = [
  types.EVT_AMENDED,
  types.EVT_TRIGGER_AMENDED,
  types.EVT_TRIGGERED,
  types.EVT_TRIGGER_REJECTED,
  types.EVT_BRACKET,
];
const BEGINNINGS = [
  types.EVT_ACCEPTED,
  types.EVT_TRIGGER_ACCEPTED,
  types.EVT_SCALED_ACCEPTED,
  types.EVT_TWAP_ACCEPTED,
];

function base({ account, marketId, timeMs, float }: Told): unknown[] {
  return [account, float(layout.EF_ACCOUNT_SEQUENCE), marketId, float(layout.EF_SEQUENCE), timeMs];
}

function reason(event: Told): number {
  return (event.word(layout.EW_FLAGS) >>> 20) & 0xff;
}

function changeRow(event: Told): unknown[] {
  const { type, word, float } = event;
  const rejected = type === types.EVT_TRIGGER_REJECTED;
  const sized = !rejected && type !== types.EVT_BRACKET;
  return [
    ...base(event),
    float(layout.EF_ORDER_ID),
    type,
    sized ? word(layout.EW_PRICE) : 0,
    sized ? float(layout.EF_LOTS) : 0,
    sized ? float(layout.EF_REMAINING) : 0,
    reason(event),
    rejected ? word(layout.EW_CODE) : 0,
    rejected ? BigInt(float(layout.EF_VALUE)) : 0,
    rejected ? BigInt(float(layout.EF_LIMIT)) : 0,
  ];
}

function fillRow(event: Told): unknown[] {
  const { word, float } = event;
  const flags = word(layout.EW_FLAGS);
  return [
    ...base(event),
    float(layout.EF_ORDER_ID),
    float(layout.EF_TRADE_SEQUENCE),
    flags & 1,
    (flags >>> 19) & 1,
    (flags >>> 29) & 1,
    word(layout.EW_PRICE),
    ...[layout.EF_LOTS, layout.EF_REMAINING, layout.EF_FEE, layout.EF_REALIZED].map(float),
    ...[layout.EF_POSITION, layout.EF_ENTRY_VALUE, layout.EF_COLLATERAL].map(float),
    event.clientId === '' ? null : event.clientId,
  ];
}

function fundingRow(event: Told): unknown[] {
  const { word, float } = event;
  return [
    ...base(event),
    ...[layout.EF_PAYMENT, layout.EF_RATE_PPB, layout.EF_INTERVAL].map(float),
    word(layout.EW_PRICE),
    ...[layout.EF_POSITION, layout.EF_COLLATERAL].map(float),
  ];
}

function transferRows(events: readonly Told[]): unknown[][] {
  return events.flatMap((event) => {
    const moved = event.float(layout.EF_LOTS);
    const collateral = event.float(layout.EF_COLLATERAL);
    if (event.type === types.EVT_BALANCE) {
      const isTransfer = event.word(layout.EW_FLAGS) === types.BALANCE_TRANSFER;
      const kind = isTransfer ? 3 : moved < 0 ? 1 : 0;
      const other = isTransfer ? event.word(layout.EW_OTHER_ACCOUNT) : null;
      return [[...base(event), kind, moved, collateral, null, other]];
    }
    if (event.type !== types.EVT_POSITION_MARGIN || moved === 0) return [];
    return [[...base(event), 2, -moved, collateral, event.float(layout.EF_VALUE), null]];
  });
}

function liquidationRows(events: readonly Told[]): unknown[][] {
  return events.flatMap((event) => {
    const { type, word, float } = event;
    const flags = word(layout.EW_FLAGS);
    const collateral = float(layout.EF_COLLATERAL);
    if (type === types.EVT_LIQUIDATION) {
      const figures = [float(layout.EF_VALUE), float(layout.EF_LIMIT)];
      return [[...base(event), 0, flags, 0, 0, 0, 0, 0, ...figures, 0, 0, collateral]];
    }
    if (type === types.EVT_INSURANCE) {
      const paid = float(layout.EF_PAYMENT);
      return [[...base(event), 2, flags, 0, 0, 0, 0, paid, 0, 0, 0, 0, collateral]];
    }
    if (type !== types.EVT_TRANSFER) return [];
    const what = [flags & 1, word(layout.EW_PRICE), float(layout.EF_LOTS)];
    const auction = [float(layout.EF_ORDER_ID), float(layout.EF_REALIZED)];
    const position = [float(layout.EF_POSITION), float(layout.EF_ENTRY_VALUE), collateral];
    return [[...base(event), 1, reason(event), ...what, ...auction, 0, 0, ...position]];
  });
}

/** The life of each order, told from its own events. */
function orderRows(events: readonly Told[]): unknown[][] {
  const lives = new Map<string, Told[]>();
  const named = [...BEGINNINGS, ...CHANGES, ...ENDS, types.EVT_FILL];
  for (const event of events) {
    if (!named.includes(event.type)) continue;
    const key = `${event.marketId}/${event.float(layout.EF_ORDER_ID)}`;
    const life = lives.get(key);
    if (life !== undefined) life.push(event);
    else if (BEGINNINGS.includes(event.type)) lives.set(key, [event]);
  }
  return [...lives.values()].map(lifeRow);
}

const ENDS = [types.EVT_CANCELED, types.EVT_TRIGGER_CANCELED, types.EVT_PARENT_ENDED];

function lifeRow(life: readonly Told[]): unknown[] {
  const [first] = life as [Told];
  const last = life.at(-1) as Told;
  const lasting = (wanted: number[]) => life.findLast(({ type }) => wanted.includes(type));
  const fills = life.filter(({ type }) => type === types.EVT_FILL);
  const sum = (offset: number) => fills.reduce((total, { float }) => total + float(offset), 0);
  const value = fills.reduce((total, { word, float }) => {
    return total + BigInt(word(layout.EW_PRICE)) * BigInt(float(layout.EF_LOTS));
  }, 0n);
  const end = lasting(ENDS);
  const amended = lasting([types.EVT_AMENDED]);
  const isVoid = amended !== undefined && amended.float(layout.EF_REMAINING) === 0;
  const triggered = lasting([types.EVT_TRIGGERED]);
  const sized = lasting([
    ...BEGINNINGS,
    types.EVT_AMENDED,
    types.EVT_TRIGGER_AMENDED,
    types.EVT_TRIGGERED,
  ]) as Told;
  const remaining = lasting([
    ...BEGINNINGS,
    types.EVT_AMENDED,
    types.EVT_TRIGGER_AMENDED,
    types.EVT_FILL,
  ]) as Told;
  const isTwap = first.type === types.EVT_TWAP_ACCEPTED;
  const isPlain = first.type === types.EVT_ACCEPTED;
  const isTrigger = first.type === types.EVT_TRIGGER_ACCEPTED;
  const canceledLots = end?.float(layout.EF_REMAINING) ?? 0;
  const price = (amended ?? first).word(layout.EW_PRICE);
  const over = end !== undefined || triggered !== undefined;
  const isLeg =
    isTrigger && (first.word(layout.EW_TRIGGER_TERMS) & types.TRIGGER_TERM_IN_BRACKET) !== 0;
  const statusNow = status(first, life, end, isVoid);
  return [
    first.marketId,
    first.float(layout.EF_ORDER_ID),
    first.account,
    first.float(layout.EF_ACCOUNT_SEQUENCE),
    first.float(layout.EF_SEQUENCE),
    first.timeMs,
    BEGINNINGS.indexOf(first.type),
    statusNow,
    first.word(layout.EW_FLAGS),
    end !== undefined ? reason(end) : isVoid ? reason(amended) : 0,
    price,
    sized.float(layout.EF_LOTS),
    over
      ? 0
      : remaining.float(
          remaining.type === types.EVT_TRIGGER_AMENDED || BEGINNINGS.includes(remaining.type)
            ? layout.EF_LOTS
            : layout.EF_REMAINING,
        ),
    first.word(layout.EW_PRICE),
    first.float(layout.EF_LOTS),
    isTwap && end !== undefined ? first.float(layout.EF_LOTS) - canceledLots : sum(layout.EF_LOTS),
    isTwap && end !== undefined ? end.float(layout.EF_VALUE) : value,
    canceledLots,
    sum(layout.EF_FEE),
    sum(layout.EF_REALIZED),
    first.clientId === '' ? null : first.clientId,
    first.float(layout.EF_EXPIRY),
    isPlain ? first.float(layout.EF_TRIGGER_ORDER_ID) : 0,
    isPlain || isLeg ? first.float(layout.EF_PARENT_ORDER_ID) : 0,
    detailsOf(first, lasting([types.EVT_BRACKET]), isLeg),
    last.float(layout.EF_SEQUENCE),
    last.timeMs,
  ];
}

function status(
  first: Told,
  life: readonly Told[],
  end: Told | undefined,
  isVoid: boolean,
): number {
  const has = (wanted: number) => life.some(({ type }) => type === wanted);
  if (end?.type === types.EVT_PARENT_ENDED)
    return [0, types.REASON_EXPIRED].includes(reason(end)) ? 6 : 3;
  if (end !== undefined || isVoid) return 3;
  if (first.type === types.EVT_SCALED_ACCEPTED) return 6;
  if (first.type === types.EVT_TRIGGER_ACCEPTED) {
    if (has(types.EVT_TRIGGER_REJECTED)) return 5;
    return has(types.EVT_TRIGGERED) ? 4 : 1;
  }
  const fill = life.findLast(({ type }) => type === types.EVT_FILL);
  return fill !== undefined && fill.float(layout.EF_REMAINING) === 0 ? 2 : 0;
}

function detailsOf(first: Told, bracket: Told | undefined, isLeg: boolean): string | null {
  const { word, float, type } = first;
  const details: [string, unknown][] = [];
  const add = (name: string, value: unknown) => value !== 0 && details.push([name, value]);
  if (type === types.EVT_TRIGGER_ACCEPTED) {
    add('triggerTerms', word(layout.EW_TRIGGER_TERMS));
    add('triggerPriceTicks', word(layout.EW_TRIGGER_PRICE));
    add('ocoOrderId', float(layout.EF_OCO_ORDER_ID));
    if (!isLeg) {
      add('trailTicks', word(layout.EW_TRAIL_TICKS));
      add('trailPpm', word(layout.EW_TRAIL_PPM));
    }
  }
  if (type === types.EVT_TWAP_ACCEPTED || type === types.EVT_SCALED_ACCEPTED) {
    details.push(['children', word(layout.EW_CHILDREN)]);
    const isTwap = type === types.EVT_TWAP_ACCEPTED;
    if (isTwap) details.push(['durationMs', word(layout.EW_DURATION)]);
    else details.push(['lastPriceTicks', word(layout.EW_LAST_PRICE)]);
  }
  if (bracket !== undefined) {
    const [profitPriceTicks, profitLimitTicks, stopPriceTicks, stopLimitTicks, sources] = [
      16, 17, 18, 19, 20,
    ].map(bracket.word);
    details.push([
      'bracket',
      { profitPriceTicks, profitLimitTicks, stopPriceTicks, stopLimitTicks, sources },
    ]);
  }
  return details.length === 0 ? null : JSON.stringify(Object.fromEntries(details));
}
