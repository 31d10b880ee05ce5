import { describe, it } from 'vitest';
import { describeBus } from '../bus-suite.fixture.js';
import { binaryForTests, makeFolder, removeFolder } from '../server/server-for-tests.fixture.js';
import { startNatsServer } from '../server/server-process.js';
import { openNatsBus } from './nats-bus.js';

const binary = await binaryForTests();

if (binary === null) {
  describe.skip('NATS JetStream: no server can be had', () => it('is not tested', () => {}));
} else {
  describeBus('NATS JetStream', async () => {
    const folder = makeFolder();
    const server = await startNatsServer({ binary, folder });
    return {
      open: (options) => openNatsBus({ address: server.address, trimMs: 200, ...options }),
      remove: async () => {
        await server.close();
        removeFolder(folder);
      },
    };
  });
}
