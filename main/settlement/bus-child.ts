import path from 'node:path';
import { findNatsServer } from '../../settlement/bus/server/find-nats-server.js';
import { startNatsServer } from '../../settlement/bus/server/server-process.js';
import type { BusSettings } from '../outbox/bus-settings.js';

/** Where the bus is: outbox and settlement are told the same. */
export interface BusReady {
  settings: BusSettings;
  /** For the operator. */
  sentence: string;
}

interface Opened {
  ready: BusReady;
  close: () => Promise<void>;
}

/**
 * Finds a NATS server, or starts one and looks after it, as a process of its own: installing one takes a minute, and an exchange that is
 * killed must not leave a server behind. Says where the bus is; ends when the exchange does.
 */
const [dataDir = '', wanted = ''] = process.argv.slice(2);

async function open(): Promise<Opened> {
  if (wanted === 'embedded') return embedded('the bus is a log in files, as configured');
  const found = await findNatsServer();
  if (found.kind === 'none') {
    if (wanted === 'nats') throw new Error(found.sentence);
    return embedded(found.sentence);
  }
  if (found.kind === 'address') {
    const { address } = found;
    const sentence = `the bus is NATS at ${address.servers.join(', ')}`;
    return {
      ready: { settings: { kind: 'nats', options: { address } }, sentence },
      close: nothing,
    };
  }
  const folder = path.join(dataDir, 'bus', 'nats');
  const onTrouble = (sentence: string) => process.stderr.write(`${sentence}\n`);
  const server = await startNatsServer({ binary: found.path, folder, onTrouble });
  const { address } = server;
  const sentence = `the bus is NATS ${found.version} at ${address.servers.join(', ')}`;
  return {
    ready: { settings: { kind: 'nats', options: { address } }, sentence },
    close: () => server.close(),
  };
}

function embedded(sentence: string): Opened {
  const folder = path.join(dataDir, 'bus', 'embedded');
  return {
    ready: { settings: { kind: 'embedded', options: { folder } }, sentence },
    close: nothing,
  };
}

async function nothing(): Promise<void> {}

try {
  const { ready, close } = await open();
  const end = () => {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', end);
  process.once('disconnect', end);
  if (process.connected) process.send?.(ready);
  else end();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
