import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as type from '../engine/messages/types.js';
import { createShardCore } from '../main/compose.js';
import { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import type { Gateway } from './gateway.js';
import { newCoreGateway } from './testing/core-gateway.js';
import { CorePort, ROOMY } from './testing/core-port.js';
import { until } from './testing/exchange.js';

/** Longer than a test: only the test itself ends a tick. */
const NEVER_MS = 3_600_000;
/** Channel, its snapshots, and what follows them. */
const CHANNELS = [
  ['mark.BTC-PERP', 'markSnapshot', 'mark'],
  ['marketState', 'marketStateSnapshot', 'marketState'],
  ['liquidations.BTC-PERP', 'liquidationsSnapshot', 'liquidations'],
] as const;

let gateway: Gateway;
let port: CorePort;
let url: string;
const clients: PlimsollClient[] = [];

beforeEach(async () => {
  port = new CorePort(createShardCore());
  gateway = newCoreGateway(port, { tickMs: NEVER_MS });
  url = `ws://127.0.0.1:${await gateway.listen()}/v1`;
  port.open(1, ROOMY, 500_000);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await gateway.close();
});

/** A reader of all channels, and what it has been sent, by type. */
async function reader(): Promise<Map<string, ServerMessage[]>> {
  const client = await PlimsollClient.connect({ url });
  clients.push(client);
  const heard = new Map<string, ServerMessage[]>();
  for (const name of CHANNELS.flatMap(([, ...types]) => types)) {
    const messages: ServerMessage[] = [];
    heard.set(name, messages);
    client.on(name, (message) => messages.push(message));
  }
  for (const [channel, snapshot] of CHANNELS) {
    await client.subscribe(channel);
    await until(() => heard.get(snapshot)?.length === 1, `${snapshot} has come`);
  }
  return heard;
}

function change(): void {
  port.command(type.CMD_ORACLE_PRICE, 1, 1, { W_PRICE: 510_000, F_QTY: port.timeMs });
  port.command(type.CMD_SET_MARKET_STATE, 1, 1, { W_FLAGS: 3 });
  port.command(type.CMD_FUND_INSURANCE, 1, 1, { F_QTY: 5_000_000 });
  port.flush();
}

describe('a snapshot', () => {
  it('shows what was at its number, whatever has come since', async () => {
    gateway.tickNow();
    change();
    const heard = await reader();
    expect(heard.get('markSnapshot')).toMatchObject([{ markPrice: '50000.0' }]);
    expect(heard.get('marketStateSnapshot')).toMatchObject([{ states: { 'BTC-PERP': 'open' } }]);
    expect(heard.get('liquidationsSnapshot')).toMatchObject([{ insuranceFund: '0.000000' }]);
    gateway.tickNow();
    for (const [, snapshot, delta] of CHANNELS) {
      await until(() => heard.get(delta)?.length === 1, `${delta} has come`);
      const [{ epoch, sequence }] = heard.get(snapshot) as [ServerMessage];
      expect(heard.get(delta)).toMatchObject([{ epoch, previousSequence: sequence }]);
    }
    expect(heard.get('mark')).toMatchObject([{ indexPrice: '51000.0' }]);
    expect(heard.get('marketState')).toMatchObject([{ states: { 'BTC-PERP': 'cancel_only' } }]);
    expect(heard.get('liquidations')).toMatchObject([{ insuranceFund: '5.000000' }]);
  });

  it('is of the epoch that its answer was given in, also when no tick has ended in it', async () => {
    const first = await reader();
    expect(first.get('markSnapshot')).toMatchObject([{ epoch: 1, markPrice: '50000.0' }]);
    port.command(type.CMD_BEGIN_EPOCH, 1, 0, { F_QTY: 2 });
    change();
    const second = await reader();
    expect(second.get('markSnapshot')).toMatchObject([{ epoch: 2, indexPrice: '51000.0' }]);
    change();
    gateway.tickNow();
    await until(() => second.get('mark')?.length === 1, 'a mark has come');
    const [{ sequence }] = second.get('markSnapshot') as [ServerMessage];
    expect(second.get('mark')).toMatchObject([{ epoch: 2, previousSequence: sequence }]);
  });
});
