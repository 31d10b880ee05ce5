import type { Bus, StreamName } from '../../bus/bus.js';
import { accountEventsSubject, fillsSubject } from '../../packs/subjects.js';
import { Receiver } from './receiver.js';

/** Everything that a bus has of these shards and markets, as settlement reads it. */
export async function readBus(
  bus: Bus,
  shards: readonly number[],
  markets: readonly number[],
): Promise<Receiver> {
  const receiver = new Receiver();
  await readStream(bus, 'account-events', shards.map(accountEventsSubject), receiver);
  await readStream(bus, 'fills', markets.map(fillsSubject), receiver);
  return receiver;
}

async function readStream(
  bus: Bus,
  stream: StreamName,
  subjects: readonly string[],
  receiver: Receiver,
): Promise<void> {
  const ends = await Promise.all(subjects.map((subject) => bus.last(subject)));
  const end = Math.max(0, ...ends.map((last) => last?.sequence ?? 0));
  if (end === 0) return;
  const source = await bus.consume(stream, 'check');
  for await (const message of source) {
    receiver.take(message.subject, message.data);
    message.ack();
    if (message.sequence === end) break;
  }
  await source.close();
}
