import { DiscardPolicy, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { createInbox } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import type { ServerAddress } from '../../settlement/bus/nats/server-address.js';

const STREAM = 'bench-raw';
const WINDOW = 1_000;

/**
 * The yardstick of settlement: the server's own speed with packs of this size, without ids, without
 * order kept over faults, and without anybody who reads. One connection, file storage, one shared inbox
 * for all answers, 1,000 packs under way.
 *
 * @returns packs a second that were acknowledged as stored
 */
export async function measureRawPublish(
  address: ServerAddress,
  packs: number,
  packBytes: number,
): Promise<number> {
  const connection = await connect(address);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({
    name: STREAM,
    subjects: ['bench.raw'],
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_bytes: 2 ** 31,
  });
  try {
    const data = new Uint8Array(packBytes).fill(0x5a);
    const reply = createInbox();
    let sent = 0;
    let stored = 0;
    const startMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      const send = () => {
        while (sent < packs && sent - stored < WINDOW) {
          connection.publish('bench.raw', data, { reply });
          sent++;
        }
      };
      connection.subscribe(reply, {
        callback: (error, message) => {
          if (error !== null) reject(error);
          else if (message.string().includes('"error"')) reject(new Error(message.string()));
          else if (++stored === packs) resolve();
          else send();
        },
      });
      send();
    });
    return (packs * 1_000) / (performance.now() - startMs);
  } finally {
    await manager.streams.delete(STREAM);
    await connection.close();
  }
}
