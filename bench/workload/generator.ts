import {
  H_MAGIC,
  H_MIX,
  H_ORDER_ID_END,
  H_PREFILL,
  H_PRICE_MAX,
  H_PRICE_MIN,
  H_TIMED,
  HEADER_WORDS,
  R_ACCOUNT,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SEQUENCE,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_CANCEL,
  TYPE_LIMIT_GTC,
  TYPE_LIMIT_IOC,
  TYPE_MOVE,
  WORKLOAD_MAGIC,
  type Workload,
  type WorkloadResult,
} from './format.js';
import { FlowRandom } from './random.js';
import { ReferenceBook, type ReferenceOrder } from './reference-book.js';

/** Mix 1: requoting makers, four of five commands are moves. Mix 2: placing and canceling near the touch. */
export type Mix = 1 | 2;

export interface GeneratedWorkload {
  workload: Workload;
  expected: WorkloadResult;
}

const PRICE_END = 262144;
const MID_START = 131072;
const ACCOUNTS = 1000;
/** Ids of the latest orders, from which mix 2 prefers to cancel; a power of two. */
const YOUNG_ORDERS = 8192;

/** The same bytes as the published generator writes for this mix and count. */
export function generateWorkload(mix: Mix, timedCount: number): GeneratedWorkload {
  return new Flow(mix, timedCount).generate();
}

class Flow {
  private readonly mix: Mix;
  private readonly timedCount: number;
  private readonly random: FlowRandom;
  private readonly book = new ReferenceBook(PRICE_END);
  /** Open orders that the flow keeps the book near to. */
  private readonly target: number;
  private readonly words: Int32Array;
  private readonly young: number[] = new Array(YOUNG_ORDERS).fill(0);
  private youngAt = 0;
  private records = 0;
  private nextOrderId = 1;
  private mid = MID_START;
  private priceMin = PRICE_END;
  private priceMax = 0;

  constructor(mix: Mix, timedCount: number) {
    this.mix = mix;
    this.timedCount = timedCount;
    this.random = new FlowRandom(mix);
    this.target = mix === 1 ? 20_000 : 50_000;
    this.words = new Int32Array(HEADER_WORDS + (timedCount + this.target) * RECORD_WORDS);
  }

  generate(): GeneratedWorkload {
    for (let i = 0; i < this.target; i++) this.post();
    for (let i = 0; i < this.timedCount; i++) {
      if (i % (this.mix === 1 ? 200 : 100) === 0) this.mid += this.random.below(2) ? 1 : -1;
      if (this.mix === 1) this.stepOfMix1();
      else this.stepOfMix2();
    }
    this.writeHeader();
    return { workload: this.workload(), expected: this.expected() };
  }

  private stepOfMix1(): void {
    const { random } = this;
    const draw = random.unit();
    const newShare = this.byShortage(0.15, 0.1, 0.06);
    if (draw < newShare) {
      this.post();
    } else if (draw < newShare + 0.03) {
      const side = random.below(2);
      const price = side === 0 ? this.mid + 3 : this.mid - 3;
      this.place(TYPE_LIMIT_IOC, side, price, 1 + random.below(60));
    } else if (draw < newShare + 0.09) {
      this.cancel(this.pickAny());
    } else {
      this.move(this.pickAny());
    }
  }

  private stepOfMix2(): void {
    const { random } = this;
    const draw = random.unit();
    const newShare = this.byShortage(0.58, 0.51, 0.46);
    if (draw < newShare) {
      const orderId = this.nextOrderId;
      this.post();
      this.young[this.youngAt++ & (YOUNG_ORDERS - 1)] = orderId;
    } else if (draw < newShare + 0.07) {
      const side = random.below(2);
      const offset = random.below(8) - 1;
      const price = side === 0 ? this.mid + offset + 2 : this.mid - offset - 2;
      const type = random.below(10) < 7 ? TYPE_LIMIT_IOC : TYPE_LIMIT_GTC;
      this.place(type, side, price, this.drawQty());
    } else if (draw < newShare + 0.1) {
      this.move(this.pickYoung());
    } else {
      this.cancel(random.below(100) < 80 ? this.pickYoung() : this.pickAny());
    }
  }

  /** The share of new orders, by whether the book has too few, about enough or too many. */
  private byShortage(few: number, enough: number, many: number): number {
    const short = this.target - this.book.open.length;
    if (short > this.target * 0.02) return few;
    return short < -this.target * 0.02 ? many : enough;
  }

  private post(): void {
    const side = this.random.below(2);
    const distance = this.drawDistance();
    const price = side === 0 ? this.mid - distance : this.mid + distance;
    this.place(TYPE_LIMIT_GTC, side, price, this.drawQty());
  }

  private place(type: number, side: number, price: number, qty: number): void {
    const id = this.nextOrderId++;
    const account = 1 + this.random.below(ACCOUNTS);
    this.emit(type, side, id, account, price, qty);
    const order = { id, account, side, price, remaining: qty, position: 0 };
    this.book.place(order, type === TYPE_LIMIT_GTC);
  }

  private cancel(order: ReferenceOrder): void {
    this.emit(TYPE_CANCEL, order.side, order.id, order.account, 0, 0);
    this.book.cancel(order);
  }

  private move(order: ReferenceOrder): void {
    const distance = this.drawDistance();
    const price = order.side === 0 ? this.mid - distance : this.mid + distance;
    this.emit(TYPE_MOVE, order.side, order.id, order.account, price, 0);
    this.book.move(order, price);
  }

  /** Ticks from the mid: squared in mix 1, two exponentials and a flat tail in mix 2. */
  private drawDistance(): number {
    const draw = this.random.unit();
    if (this.mix === 1) return 1 + Math.floor(draw * draw * 500);
    if (draw < 0.6) return 1 + Math.floor(-Math.log(1 - this.random.unit()) * 6);
    if (draw < 0.9) return 1 + Math.floor(-Math.log(1 - this.random.unit()) * 60);
    return 1 + this.random.below(500);
  }

  private drawQty(): number {
    const draw = this.random.unit();
    return 1 + Math.floor(draw * draw * 99);
  }

  private pickAny(): ReferenceOrder {
    return this.book.open[this.random.below(this.book.open.length)] as ReferenceOrder;
  }

  /** Traders mostly cancel what they placed a moment ago; eight tries, then any order. */
  private pickYoung(): ReferenceOrder {
    for (let k = 0; k < 8; k++) {
      const order = this.book.find(this.young[this.random.below(YOUNG_ORDERS)] as number);
      if (order !== undefined) return order;
    }
    return this.pickAny();
  }

  private emit(
    type: number,
    side: number,
    orderId: number,
    account: number,
    price: number,
    qty: number,
  ): void {
    const at = HEADER_WORDS + this.records * RECORD_WORDS;
    this.words[at + R_TYPE] = type;
    this.words[at + R_SIDE] = side;
    this.words[at + R_ORDER_ID] = orderId;
    this.words[at + R_ACCOUNT] = account;
    this.words[at + R_PRICE] = price;
    this.words[at + R_QTY] = qty;
    this.words[at + R_SEQUENCE] = this.records++;
    if (price === 0) return;
    if (price < this.priceMin) this.priceMin = price;
    if (price > this.priceMax) this.priceMax = price;
  }

  private writeHeader(): void {
    this.words[H_MAGIC] = WORKLOAD_MAGIC;
    this.words[H_PREFILL] = this.target;
    this.words[H_TIMED] = this.timedCount;
    this.words[H_ORDER_ID_END] = this.nextOrderId;
    this.words[H_PRICE_MIN] = this.priceMin;
    this.words[H_PRICE_MAX] = this.priceMax;
    this.words[H_MIX] = this.mix;
  }

  private workload(): Workload {
    return {
      mix: this.mix,
      prefillCount: this.target,
      timedCount: this.timedCount,
      orderIdEnd: this.nextOrderId,
      priceTicksMin: this.priceMin,
      priceTicksMax: this.priceMax,
      words: this.words,
    };
  }

  private expected(): WorkloadResult {
    const { tally, open } = this.book;
    return {
      trades: tally.trades,
      volume: tally.volume,
      checksum: tally.checksum,
      restingOrders: open.length,
      restingQtyBid: this.book.restingQty(0),
      restingQtyAsk: this.book.restingQty(1),
    };
  }
}
