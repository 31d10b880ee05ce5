import type { Exchange } from '../exchange/exchange.js';

const TERMINAL_MS = 1_000;
/** Into a file or a pipe: enough to see that it lives. */
const ELSEWHERE_MS = 60_000;

/**
 * A line of status for people, rewritten every second on a terminal. Elsewhere a line now and then, on standard error, where
 * nobody waits for the exchange's own lines.
 */
export class StatusLine {
  private readonly exchange: Exchange;
  private readonly isTerminal = process.stdout.isTTY === true;
  private timer: NodeJS.Timeout | null = null;
  private orders = 0;
  private trades = 0;
  private atMs = performance.now();

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  start(): void {
    this.orders = this.total('orders');
    this.trades = this.total('trades');
    const write = () => {
      if (this.isTerminal) process.stdout.write(`\r${this.text()}\x1b[K`);
      else process.stderr.write(`${this.text()}\n`);
    };
    this.timer = setInterval(write, this.isTerminal ? TERMINAL_MS : ELSEWHERE_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    if (this.isTerminal) process.stdout.write('\n');
  }

  private text(): string {
    const nowMs = performance.now();
    const seconds = (nowMs - this.atMs) / 1000;
    const orders = this.total('orders');
    const trades = this.total('trades');
    const rate = (now: number, before: number) => Math.round((now - before) / seconds);
    const lag = this.total('writtenSequence') - this.total('durableSequence');
    const line = [
      `${rate(orders, this.orders)} orders/s`,
      `${rate(trades, this.trades)} trades/s`,
      `${this.exchange.gateway.stats().openOrders} open orders`,
      `journal lag ${lag} messages, last sync ${this.slowestSyncMs().toFixed(1)} ms`,
      ...this.exchange.health.problems(),
    ];
    this.orders = orders;
    this.trades = trades;
    this.atMs = nowMs;
    return line.join(' · ');
  }

  private slowestSyncMs(): number {
    return Math.max(...this.exchange.shards.map(({ stats }) => stats.get('journalSyncMs')));
  }

  private total(figure: 'orders' | 'trades' | 'writtenSequence' | 'durableSequence') {
    return this.exchange.shards.reduce((sum, { stats }) => sum + stats.get(figure), 0);
  }
}
