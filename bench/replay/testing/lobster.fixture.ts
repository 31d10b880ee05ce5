import { FlowRandom } from '../../workload/random.js';

interface VenueOrder {
  readonly id: number;
  lots: number;
}

export interface LobsterFixture {
  readonly messages: string;
  readonly book: string;
  readonly rows: number;
  readonly executions: number;
  /** Of orders that a message of the file had announced. */
  readonly executionsOfAnnounced: number;
}

const MIDDLE_CENTS = 10_000;
const FILE_UNITS_PER_CENT = 100;
const EMPTY_ASK = 9_999_999_999;

/**
 * A venue of its own: plain order queues by price, random flow, and a LOBSTER file of the window of so many
 * levels. As with the real ones, what happens outside of the window is not in the file, and neither are the
 * orders that were there before it began.
 */
export class LobsterVenue {
  private readonly random: FlowRandom;
  private readonly levels: number;
  private readonly spreadCents: number;
  private readonly sides = [new Map<number, VenueOrder[]>(), new Map<number, VenueOrder[]>()];
  private readonly announced = new Set<number>();
  private nextId = 1;
  private executions = 0;
  private executionsOfAnnounced = 0;
  private readonly messages: string[] = [];
  private readonly rows: string[] = [];

  /** Few cents of depth make thin sides, which are sometimes empty. */
  constructor(seed: number, levels: number, depthCents: number) {
    this.random = new FlowRandom(seed);
    this.levels = levels;
    this.spreadCents = depthCents;
  }

  record(events: number, prefilled: number): LobsterFixture {
    for (let i = 0; i < prefilled; i++) this.add(this.random.below(2));
    this.write(1, 5, 0, 10, MIDDLE_CENTS, -1);
    for (let i = 2; i <= events; i++) this.step(i);
    return {
      messages: `${this.messages.join('\n')}\n`,
      book: `${this.rows.join('\n')}\n`,
      rows: this.rows.length,
      executions: this.executions,
      executionsOfAnnounced: this.executionsOfAnnounced,
    };
  }

  private step(time: number): void {
    const dice = this.random.below(100);
    if (dice < 1) this.write(time, 7, 0, 0, -1, -1);
    else if (dice < 3) this.write(time, 5, 0, 5, MIDDLE_CENTS, this.random.below(2) === 0 ? 1 : -1);
    else this.trade(time, dice);
  }

  private trade(time: number, dice: number): void {
    const side = this.random.below(2);
    const before = this.row();
    const prices = this.pricesOf(side);
    if (dice < 50 || prices.length === 0) {
      const { id, lots, price } = this.add(side);
      if (this.writeIfSeen(time, 1, id, lots, price, side, before)) this.announced.add(id);
      return;
    }
    const isExecution = dice >= 85;
    const price = prices[isExecution ? 0 : this.random.below(prices.length)] as number;
    const queue = this.queueOf(side, price);
    const order = queue[isExecution ? 0 : this.random.below(queue.length)] as VenueOrder;
    const isWhole = order.lots === 1 || this.random.below(2) === 0;
    const lots = isWhole ? order.lots : 1 + this.random.below(order.lots - 1);
    order.lots -= lots;
    if (order.lots === 0) queue.splice(queue.indexOf(order), 1);
    if (queue.length === 0) this.sideOf(side).delete(price);
    const type = isExecution ? 4 : isWhole ? 3 : 2;
    if (!this.writeIfSeen(time, type, order.id, lots, price, side, before)) return;
    if (isExecution) this.executions++;
    if (isExecution && this.announced.has(order.id)) this.executionsOfAnnounced++;
  }

  private add(side: number): { id: number; lots: number; price: number } {
    const distance = 1 + this.random.below(this.spreadCents);
    const other = this.pricesOf(side ^ 1)[0];
    const wanted = side === 0 ? MIDDLE_CENTS + 10 - distance : MIDDLE_CENTS - 10 + distance;
    // Files show what rests, so an order never crosses the other side.
    const limit = side === 0 ? (other ?? wanted + 1) - 1 : (other ?? wanted - 1) + 1;
    const price = side === 0 ? Math.min(wanted, limit) : Math.max(wanted, limit);
    const order = { id: this.nextId++, lots: 1 + this.random.below(9) };
    const queue = this.sideOf(side).get(price);
    if (queue === undefined) this.sideOf(side).set(price, [order]);
    else queue.push(order);
    return { ...order, price };
  }

  private writeIfSeen(
    time: number,
    type: number,
    id: number,
    lots: number,
    price: number,
    side: number,
    before: string,
  ): boolean {
    if (this.row() === before) return false;
    this.write(time, type, id, lots, price, side === 0 ? 1 : -1);
    return true;
  }

  private write(
    time: number,
    type: number,
    id: number,
    lots: number,
    price: number,
    direction: number,
  ): void {
    const seconds = (34_200 + time / 1000).toFixed(9);
    const filePrice = price < 0 ? price : price * FILE_UNITS_PER_CENT;
    this.messages.push([seconds, type, id, lots, filePrice, direction].join(','));
    this.rows.push(this.row());
  }

  private row(): string {
    const bids = this.pricesOf(0);
    const asks = this.pricesOf(1);
    const columns: number[] = [];
    for (let level = 0; level < this.levels; level++) {
      columns.push(...this.levelOf(1, asks[level], EMPTY_ASK));
      columns.push(...this.levelOf(0, bids[level], -EMPTY_ASK));
    }
    return columns.join(',');
  }

  private levelOf(side: number, price: number | undefined, empty: number): number[] {
    if (price === undefined) return [empty, 0];
    const lots = this.queueOf(side, price).reduce((sum, order) => sum + order.lots, 0);
    return [price * FILE_UNITS_PER_CENT, lots];
  }

  private pricesOf(side: number): number[] {
    return [...this.sideOf(side).keys()].sort((a, b) => (side === 0 ? b - a : a - b));
  }

  private queueOf(side: number, price: number): VenueOrder[] {
    return this.sideOf(side).get(price) as VenueOrder[];
  }

  private sideOf(side: number): Map<number, VenueOrder[]> {
    return this.sides[side] as Map<number, VenueOrder[]>;
  }
}
