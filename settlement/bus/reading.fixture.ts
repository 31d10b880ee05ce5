import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, BusMessage, ConsumeOptions, MessageSource, StreamName } from './bus.js';

/** Reads so many messages and acknowledges each. */
export async function take(
  bus: Bus,
  stream: StreamName,
  durable: string,
  count: number,
): Promise<BusMessage[]> {
  const source = await bus.consume(stream, durable);
  const messages = await some(source, count, (message) => message.ack());
  await source.close();
  return messages;
}

const iterators = new WeakMap<MessageSource, AsyncIterator<BusMessage>>();

/** The next messages of a source; may be called again. */
export async function some(
  source: MessageSource,
  count: number,
  use: (message: BusMessage) => void = () => {},
): Promise<BusMessage[]> {
  const iterator = iterators.get(source) ?? source[Symbol.asyncIterator]();
  iterators.set(source, iterator);
  const messages: BusMessage[] = [];
  while (messages.length < count) {
    const { value, done } = await iterator.next();
    if (done) throw new Error(`the source ended after ${messages.length} of ${count} messages`);
    use(value);
    messages.push(value);
  }
  return messages;
}

export async function withSource(
  bus: Bus,
  durable: string,
  options: ConsumeOptions,
  use: (source: MessageSource) => Promise<void>,
  stream: StreamName = 'fills',
): Promise<void> {
  const source = await bus.consume(stream, durable, options);
  await use(source);
  await source.close();
}

export async function publishMany(bus: Bus, count: number, from = 0): Promise<void> {
  const numbers = range(from + 1, from + count);
  await Promise.all(numbers.map((n) => bus.publish(`fills.${n % 2}`, bytesOf(n), `n${n}`)));
}

export async function eventually(attempt: () => Promise<void>): Promise<void> {
  const endMs = Date.now() + 30_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await sleep(50);
    }
  }
}

/** A log or lane that has rejected something refuses all else until the turn of the event loop is over; a timer may come before that. */
export function turnIsOver(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function bytesOf(number: number): Uint8Array {
  const bytes = Buffer.alloc(12, 7);
  bytes.writeDoubleLE(number, 0);
  return new Uint8Array(bytes);
}

export function numberOf(data: Uint8Array): number {
  return Buffer.from(data.buffer, data.byteOffset, data.length).readDoubleLE(0);
}

export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = Math.floor(Math.random() * 256);
  return bytes;
}

/** The same with plain bytes, because buses return views of different classes. */
export function plain<T extends { data: Uint8Array } | null>(message: T): T {
  return message === null ? message : { ...message, data: Uint8Array.from(message.data) };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
