import path from 'node:path';
import type { Bus } from './bus.js';
import { openEmbeddedBus } from './embedded/embedded-bus.js';
import { openNatsBus } from './nats/nats-bus.js';
import { type ServerAddress, withoutSecrets } from './nats/server-address.js';
import { type FindOptions, findNatsServer } from './server/find-nats-server.js';
import { startNatsServer } from './server/server-process.js';
import type { LimitsGiven } from './streams.js';

/** Where a bus is: plain data, to be handed to other threads and processes. */
export type BusLocation =
  | { readonly kind: 'nats'; readonly address: ServerAddress; readonly replicas: 1 | 3 }
  | { readonly kind: 'embedded'; readonly folder: string };

export interface ProvideOptions extends FindOptions {
  /** For the server's streams or the embedded log. */
  readonly folder: string;
  /** The embedded log even where a server could be had. */
  readonly embedded?: boolean;
  /** Copies of each stream on a server that `NATS_URL` names. Default 1. */
  readonly replicas?: 1 | 3;
  /** Hears when a server that was started here dies. */
  readonly onTrouble?: (sentence: string) => void;
}

/** A bus that others open by its location, for as long as this is not closed. */
export interface ProvidedBus {
  readonly location: BusLocation;
  /** Tells operators in one line what carries fills to settlement. */
  readonly sentence: string;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly limits?: LimitsGiven;
  readonly patienceMs?: number;
}

const LOG_FOLDER = 'embedded';
const SERVER_FOLDER = 'nats';

/**
 * Provides what the environment has: the server of `NATS_URL`, a server of its own that it starts and
 * looks after, or the embedded log. One process of an exchange does this, all open it.
 *
 * @throws Error when `NATS_URL` is no address, BusUnavailableError when a server that is there does not
 *   start: falling back to another bus then could leave behind what waits in this one
 */
export async function provideBus(options: ProvideOptions): Promise<ProvidedBus> {
  const found = options.embedded ? null : await findNatsServer(options);
  if (found === null || found.kind === 'none') {
    const folder = path.join(options.folder, LOG_FOLDER);
    const sentence = found?.sentence ?? `an embedded log in ${folder} carries fills to settlement`;
    return { location: { kind: 'embedded', folder }, sentence, close: async () => {} };
  }
  if (found.kind === 'address') {
    const { address } = found;
    const sentence = `NATS at ${withoutSecrets(address)} carries fills to settlement`;
    const location = { kind: 'nats' as const, address, replicas: options.replicas ?? 1 };
    return { location, sentence, close: async () => {} };
  }
  const server = await startNatsServer({
    binary: found.path,
    folder: path.join(options.folder, SERVER_FOLDER),
    ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
  });
  const { address } = server;
  const what = `nats-server ${found.version} (${found.path}) at ${withoutSecrets(address)}`;
  return {
    location: { kind: 'nats', address, replicas: 1 },
    sentence: `${what} carries fills to settlement`,
    close: () => server.close(),
  };
}

/** Opens a bus by its location. Errors as of `openNatsBus`. */
export async function openBus(location: BusLocation, options: OpenOptions = {}): Promise<Bus> {
  if (location.kind === 'embedded') return openEmbeddedBus({ folder: location.folder, ...options });
  const { address, replicas } = location;
  return await openNatsBus({ address, replicas, ...options });
}
