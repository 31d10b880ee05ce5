import path from 'node:path';
import { type BusLocation, provideBus } from '../../settlement/bus/provide-bus.js';
import { tellParent } from './tell-parent.js';

/** Where the bus is: outbox and settlement are told the same. */
export interface BusReady {
  location: BusLocation;
  /** For the operator. */
  sentence: string;
}

/**
 * Provides the bus as a process of its own: installing a server takes a minute, and an exchange that is killed must not leave one behind.
 * Says where the bus is; ends when the exchange does.
 */
const [dataDir = '', wanted = ''] = process.argv.slice(2);

try {
  const bus = await provideBus({
    folder: path.join(dataDir, 'bus'),
    embedded: wanted === 'embedded',
    onTrouble: (sentence) => process.stderr.write(`${sentence}\n`),
  });
  const { location, sentence } = bus;
  if (wanted === 'nats' && location.kind === 'embedded') throw new Error(sentence);
  const end = () => {
    bus.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', end);
  process.once('disconnect', end);
  const ready: BusReady = { location, sentence };
  if (process.connected) tellParent(ready);
  else end();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
