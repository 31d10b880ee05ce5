import { findNatsServer } from '../../settlement/bus/server/find-nats-server.js';
import { startNatsServer } from '../../settlement/bus/server/server-process.js';
import { type BusPlace, busFolder } from './bus-place.js';

/**
 * Finds a NATS server, or starts one and looks after it, as a process of its own: installing one takes a minute, and whoever kills the
 * exchange must not leave a server behind. Says where the bus is; ends when the exchange does.
 */
const [dataDir, wanted] = process.argv.slice(2) as [string, 'auto' | 'nats'];

async function place(): Promise<{ place: BusPlace; close: () => Promise<void> }> {
  const found = await findNatsServer();
  if (found.kind === 'address') {
    const sentence = `the bus is NATS at ${found.address.servers.join(', ')}`;
    return { place: { kind: 'nats', address: found.address, sentence }, close: async () => {} };
  }
  if (found.kind === 'none') {
    if (wanted === 'nats') throw new Error(found.sentence);
    const folder = busFolder(dataDir, 'embedded');
    return {
      place: { kind: 'embedded', folder, sentence: found.sentence },
      close: async () => {},
    };
  }
  const folder = busFolder(dataDir, 'nats');
  const onTrouble = (sentence: string) => process.stderr.write(`${sentence}\n`);
  const server = await startNatsServer({ binary: found.path, folder, onTrouble });
  const sentence = `the bus is NATS ${found.version} at ${server.address.servers.join(', ')}`;
  return {
    place: { kind: 'nats', address: server.address, sentence },
    close: () => server.close(),
  };
}

try {
  const opened = await place();
  const end = () => {
    opened.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});
  if (process.connected) {
    process.once('disconnect', end);
    process.send?.(opened.place);
    // A server of somebody else's needs nobody to look after it, but the exchange waits for this process's end.
    setInterval(() => {}, 2 ** 30);
  } else end();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
