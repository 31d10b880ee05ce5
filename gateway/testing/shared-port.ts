import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';

/** Several doors to one port of a test: commands go there, events come to all of them. */
export class SharedPort {
  private readonly port: ShardPort;
  private readonly consumers = new Map<number, EventConsumer>();

  constructor(port: ShardPort) {
    this.port = port;
    port.onEvents((words, floats, at, slots) => {
      for (const consume of [...this.consumers.values()]) consume(words, floats, at, slots);
    });
  }

  door(portId: number): ShardPort {
    const { port, consumers } = this;
    return {
      portId,
      trySend: (words, at, slots) => port.trySend(words, at, slots),
      trySendAll: (words, at, slots) => port.trySendAll(words, at, slots),
      flush: () => port.flush(),
      occupancy: () => port.occupancy(),
      onEvents: (consume) => {
        if (consume === null) consumers.delete(portId);
        else consumers.set(portId, consume);
      },
    };
  }
}
