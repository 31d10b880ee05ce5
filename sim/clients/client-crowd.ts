import { assert } from '../../engine/assert.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import type { FeedHistory } from '../checks/history.js';
import type { FaultDice } from '../faults.js';
import { SimPort } from '../host/sim-port.js';
import { VirtualClient } from './virtual-client.js';
import { VirtualGateway } from './virtual-gateway.js';

const GATEWAYS = 3;
const SLOTS_IN = 64;
const SLOTS_OUT = 1024;

/** All gateways and the owners of all accounts, who come, go, and come back to another gateway. */
export class ClientCrowd {
  private readonly random: Xorshift;
  private readonly dice: FaultDice;
  private readonly history: FeedHistory;
  private gateways: VirtualGateway[] = [];
  private readonly clients = new Map<number, VirtualClient>();
  private readonly connectedTo = new Map<VirtualClient, VirtualGateway>();
  private nextPort = 1;
  private gatewaysLost = 0;
  private gatewaysClosed = 0;

  constructor(random: Xorshift, dice: FaultDice, history: FeedHistory) {
    this.random = random;
    this.dice = dice;
    this.history = history;
  }

  get ports(): SimPort[] {
    return this.gateways.map((gateway) => gateway.port);
  }

  /** After a restart of the process all gateways are new and know nothing. */
  newGateways(): SimPort[] {
    this.connectedTo.clear();
    this.gateways = Array.from({ length: GATEWAYS }, () => this.newGateway());
    return this.ports;
  }

  hearReplay(words: Int32Array, floats: Float64Array, slots: number): void {
    for (const gateway of this.gateways) gateway.hearAll(words, floats, slots);
  }

  /** What a gateway cannot know from events: the feeds' numbers in the state that it begins with. */
  seed(shard: ShardCore): void {
    for (const gateway of this.gateways) seedGateway(gateway, shard);
  }

  /** One gateway dies with its log and its clients' connections; a new one takes over its rings. */
  replaceGateway(shard: ShardCore): void {
    const at = this.random.below(this.gateways.length);
    const gateway = new VirtualGateway(this.dropClients(at).port);
    gateway.port.reattach();
    this.gateways[at] = gateway;
    // It is told a state that is ahead of what waits in its ring.
    seedGateway(gateway, shard);
    this.gatewaysLost++;
  }

  /** One gateway goes for good; the others must not notice. */
  closeGateway(): void {
    if (this.gateways.length === 1) return;
    const at = this.random.below(this.gateways.length);
    this.dropClients(at).port.close();
    this.gateways.splice(at, 1);
    this.gatewaysClosed++;
  }

  /** Gateways read at their own speed; clients connect, leave, and come back. */
  read(): void {
    for (const gateway of this.gateways) {
      // Each has spells in which it hardly reads, so that rings fill up.
      if (gateway.slowSteps > 0) gateway.slowSteps--;
      else if (this.dice.strikes('slow')) gateway.slowSteps = this.random.between(5, 60);
      gateway.port.read(gateway.slowSteps > 0 ? 1 : this.random.between(20, 400));
    }
    this.comeAndGo();
  }

  readAll(): void {
    for (const { port } of this.gateways) port.read(Number.POSITIVE_INFINITY);
  }

  connectAll(shard: ShardCore): void {
    for (let account = 1; account <= accountsOf(shard); account++) {
      const client = this.clientOf(account);
      if (!this.connectedTo.has(client)) this.connect(client);
      const last = this.history.lastOf(account);
      const seen = `account ${account} has seen ${client.sequence} of ${last} events`;
      assert(client.sequence === last, seen);
    }
  }

  /** What any client has seen is what the twin says: nothing that was told is lost or changed. */
  checkAgainstHistory(): void {
    for (const client of this.clients.values()) {
      if (this.connectedTo.get(client) === undefined) continue;
      const { account, beganAfter, sequence } = client;
      const chain = this.history.chain(account, beganAfter, sequence);
      if (chain === null) continue;
      assert(chain === client.chain, `account ${account} has seen another history than the twin`);
    }
  }

  /**
   * After a recovery: what a client was told before the crash is in the recovered history. Only where output may leave before
   * it is durable, and power failed, the end of it may be missing.
   */
  checkAcknowledged(mayLoseTheEnd: boolean): void {
    for (const client of this.clients.values()) {
      const { account, beganAfter, sequence, chain } = client;
      if (sequence === beganAfter || client.hasLostEvents) continue;
      const truth = this.history.chain(account, beganAfter, sequence);
      client.hasLostEvents = truth === null && mayLoseTheEnd;
      const sentence = `account ${account} was told ${sequence} events, which are not in the recovered history`;
      assert(truth === chain || client.hasLostEvents, sentence);
    }
  }

  counts(): Record<string, number> {
    let resumed = 0;
    let startedAnew = 0;
    for (const client of this.clients.values()) {
      resumed += client.resumed;
      startedAnew += client.startedAnew;
    }
    const { gatewaysLost, gatewaysClosed } = this;
    return { gatewaysLost, gatewaysClosed, eventsResumed: resumed, startedAnew };
  }

  private comeAndGo(): void {
    const { random } = this;
    const account = random.between(1, 24);
    const gateway = this.gateways[0] as VirtualGateway;
    if (!gateway.knows(account)) return;
    const client = this.clientOf(account);
    const connected = this.connectedTo.get(client);
    if (connected === undefined) this.connect(client);
    else if (random.chance(20)) {
      connected.disconnect(client);
      this.connectedTo.delete(client);
    }
  }

  private connect(client: VirtualClient): void {
    const gateway = this.random.pick(this.gateways);
    gateway.connect(client);
    this.connectedTo.set(client, gateway);
  }

  private clientOf(account: number): VirtualClient {
    let client = this.clients.get(account);
    if (client === undefined) {
      client = new VirtualClient(account);
      this.clients.set(account, client);
    }
    return client;
  }

  private dropClients(at: number): VirtualGateway {
    const lost = this.gateways[at] as VirtualGateway;
    for (const [client, gateway] of this.connectedTo) {
      if (gateway === lost) this.connectedTo.delete(client);
    }
    return lost;
  }

  private newGateway(): VirtualGateway {
    const portId = 1 + (this.nextPort++ % 126);
    return new VirtualGateway(new SimPort(portId, 'operators', SLOTS_IN, SLOTS_OUT));
  }
}

function seedGateway(gateway: VirtualGateway, shard: ShardCore): void {
  const { accounts } = (shard.home as MarginActor).state;
  for (let account = 1; account <= accounts.lastId; account++) {
    gateway.seed(account, accounts.sequence(account));
  }
}

function accountsOf(shard: ShardCore): number {
  return (shard.home as MarginActor).state.accounts.lastId;
}
