import { EW_CODE, SLOT_WORDS, typeOf, W_HEAD, W_REQUEST } from '../../engine/messages/layout.js';
import {
  CMD_DEPOSIT,
  CMD_WITHDRAW,
  EVT_BALANCE,
  EVT_REJECTED,
} from '../../engine/messages/types.js';
import type { ManualClock } from '../../engine/runtime/clock.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { createShardCore } from '../../main/compose.js';
import { cashKey } from '../../settlement/packs/cash-key.js';
import {
  ExchangeUnavailableError,
  RefusedByExchangeError,
} from '../../settlement/service/exchange-door.js';
import { Twins } from '../checks/twins.js';
import type { Loss } from '../disk/virtual-disk.js';
import { SimPort } from '../host/sim-port.js';
import { ShardNode } from '../shard-node.js';
import { Knowledge } from '../traffic/knowledge.js';
import { addressed, type Wire, withSlots } from '../traffic/wire.js';

const PORT = 1;
const SETTLE_ROUNDS_MAX = 10_000;
export const W_IDEMPOTENCY_KEY = 6;
/** Requests of settlement; those of the traffic have lower numbers. */
const FIRST_REQUEST = 1 << 24;

interface Asked {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** An exchange of one shard with its journal on a virtual disk, and the door by which settlement moves money. */
export class SimulatedExchange {
  readonly knowledge = new Knowledge();
  readonly node: ShardNode;
  private readonly twins: Twins;
  private readonly random: Xorshift;
  private port = newPort();
  private requests = FIRST_REQUEST;
  private readonly asked = new Map<number, Asked>();

  constructor(dataDir: string, seed: number, clock: ManualClock) {
    this.random = new Xorshift(seed);
    const name = 'the uninterrupted twin';
    this.twins = new Twins([{ name, shard: createShardCore(), comparesDelivery: true }]);
    this.node = new ShardNode({
      dataDir,
      shardId: 0,
      random: this.random,
      sweepRandom: new Xorshift(seed + 1),
      twins: this.twins,
      knowledge: this.knowledge,
      clock,
      createShard: () => createShardCore(),
      // With `batch` an answer may be taken back by a power failure. With `never` so may what is on the bus, and nobody could settle that.
      policies: ['always', 'batch'],
      checksFrames: false,
    });
  }

  get shard(): ShardCore {
    return this.node.shard;
  }

  get durableSequence(): number {
    return this.node.journal.durableSequence;
  }

  start(): void {
    this.port = newPort();
    this.port.onEvents((words, _floats, firstWord) => this.hear(words, firstWord));
    this.node.start([this.port.hostPort], { onReplay: () => {} });
  }

  /** False: there is no room. */
  send(wire: Wire): boolean {
    return this.port.trySend(wire, 0, wire.length / SLOT_WORDS);
  }

  /** True: the process has died in the middle of a write. */
  step(): boolean {
    const { node, random, port } = this;
    port.flush();
    node.sweep?.step();
    for (let i = random.below(4); i > 0; i--) node.host.step();
    node.refuseMistakes();
    if (node.disk.dead) return true;
    for (let i = random.below(3); i > 0; i--) node.disk.finishSync();
    node.host.release();
    port.read(Number.POSITIVE_INFINITY);
    node.advanceTwins();
    return false;
  }

  /** Whoever has asked for something hears nothing of it any more. */
  restart(loss: Loss): void {
    this.node.crash(loss, false);
    const asked = [...this.asked.values()];
    this.asked.clear();
    this.start();
    for (const { reject } of asked) reject(new ExchangeUnavailableError('the exchange has died'));
  }

  /** Until nothing moves at this moment of its clock. */
  comeToRest(): void {
    const { node, port } = this;
    let rounds = 0;
    port.flush();
    do {
      if (rounds++ > SETTLE_ROUNDS_MAX) throw new Error('the exchange does not come to rest');
      while (node.host.step());
      node.disk.finishAllSyncs();
      node.host.release();
      port.read(Number.POSITIVE_INFINITY);
      node.refuseMistakes();
    } while (node.finishSweeps() || node.host.hasInput || !node.host.drained);
    node.journal.syncNow();
    node.advanceTwins();
  }

  /** Resolves when the exchange answers, as its admin API does. Throws as ExchangeMoney does. */
  move(kind: 'deposit' | 'withdraw', accountId: number, microUsd: bigint, key: string) {
    const type = kind === 'deposit' ? CMD_DEPOSIT : CMD_WITHDRAW;
    const wire = withSlots(type, 1, { account: accountId, qty: Number(microUsd) });
    wire.set(cashKey(key), W_IDEMPOTENCY_KEY);
    const request = ++this.requests;
    return new Promise<void>((resolve, reject) => {
      if (this.send(addressed(wire, (PORT << 24) | 2, request))) {
        this.asked.set(request, { resolve, reject });
      } else reject(new ExchangeUnavailableError('the exchange is busy'));
    });
  }

  private hear(words: Int32Array, firstWord: number): void {
    const request = words[firstWord + W_REQUEST] as number;
    const asked = this.asked.get(request);
    if (asked === undefined) return;
    const type = typeOf(words[firstWord + W_HEAD] as number);
    if (type !== EVT_BALANCE && type !== EVT_REJECTED) return;
    this.asked.delete(request);
    if (type === EVT_BALANCE) asked.resolve();
    else {
      const code = String(words[firstWord + EW_CODE]);
      asked.reject(new RefusedByExchangeError(code, 'the engine refuses it'));
    }
  }
}

function newPort(): SimPort {
  return new SimPort(PORT, 'operators', 512, 4_096);
}
