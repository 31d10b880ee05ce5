import { assert } from '../assert.js';
import { F_QTY, SLOT_WORDS, slotsOf, typeOf, W_HEAD, W_PRICE } from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { EVT_CHANNEL } from '../messages/types.js';
import type { ChannelOut } from '../shard/channel.js';
import type { Routing } from '../shard/routing.js';
import { Bell } from './bell.js';
import {
  ChannelBoard,
  type ChannelMemory,
  NOTE_KEPT,
  NOTE_MADE,
  NOTE_TAKEN,
} from './channel-memory.js';
import type { EventOutput } from './event-output.js';
import type { HostChannels, HostInput } from './host-port.js';
import { RingReader, RingWriter } from './ring.js';

/** The ports of gateways and operators have lower numbers. */
const CHANNEL_PORT_ID = 127;
/** Messages of one channel that may wait for their receiver's journal before commands from outside have to wait. */
const KEPT_MAX = 32_768;
const KEPT_LOW = KEPT_MAX / 4;

/** Both directions between this shard and one other. */
interface Peer {
  readonly shard: number;
  readonly writer: RingWriter;
  readonly bell: Bell;
  /** Highest number that the journal has released. */
  released: number;
  /** Number of the message that goes into the ring next. */
  next: number;
  /** Applied by this shard, and to be noted as kept once the journal is that far. */
  taken: number;
  waitingKept: number;
}

/**
 * The ends of one shard's channels in a process with a thread for each shard.
 *
 * No shard ever waits for another one: what finds no room in a ring stays where it is kept anyway, until the receiver has it
 * in its journal, and is sent when there is room. A shard stops reading only when its gateway is slow or its disk is, and
 * neither of them waits for a shard; so two shards with full rings between them cannot stand still. What bounds that list: each
 * command sets off a finite number of messages, and commands wait (in all shards) while any channel keeps too many.
 */
export class ShardChannels implements HostChannels, EventOutput {
  readonly inputs: readonly HostInput[];
  readonly output: EventOutput = this;
  readonly closed = false;
  private readonly shardId: number;
  private readonly routing: Routing;
  private readonly board: ChannelBoard;
  private readonly bells: readonly Bell[];
  private readonly peers: readonly Peer[];
  private readonly peerOf: (Peer | undefined)[] = [];
  /** Sequence at which the peers' `waitingKept` were noted, Infinity for none. */
  private waitingSequence = Number.POSITIVE_INFINITY;
  private isCongested = false;

  /** Notes what the recovered shard has; everything of it is durable. */
  constructor(routing: Routing, memory: ChannelMemory) {
    const { shardId } = routing;
    this.shardId = shardId;
    this.routing = routing;
    this.board = new ChannelBoard(memory);
    this.bells = memory.bells.map((bell) => new Bell(bell));
    const others = memory.bells.map((_, shard) => shard).filter((shard) => shard !== shardId);
    const ring = (from: number, to: number) =>
      memory.rings[from * memory.shards + to] as SharedArrayBuffer;
    this.peers = others.map((shard) => ({
      shard,
      writer: new RingWriter(ring(shardId, shard)),
      bell: this.bells[shard] as Bell,
      released: 0,
      next: 1,
      taken: this.lastFrom(shard),
      waitingKept: 0,
    }));
    for (const peer of this.peers) {
      this.peerOf[peer.shard] = peer;
      this.board.note(NOTE_MADE, shardId, peer.shard, this.lastTo(peer.shard));
      this.board.note(NOTE_TAKEN, peer.shard, shardId, peer.taken);
      this.board.note(NOTE_KEPT, peer.shard, shardId, peer.taken);
    }
    this.inputs = others.map((shard) => {
      const input = new RingReader(ring(shard, shardId));
      return { portId: CHANNEL_PORT_ID, input, door: 'shards' };
    });
  }

  /** Call when all shards have noted what they have: each goes on behind what the others took. */
  begin(): void {
    for (const peer of this.peers) {
      const last = this.lastTo(peer.shard);
      const kept = this.board.read(NOTE_KEPT, this.shardId, peer.shard, last);
      const first = peer.shard < this.routing.shards ? this.channelTo(peer).firstKept : 1;
      const sentence = `shard ${peer.shard} has ${kept} messages of shard ${this.shardId}, which has those from ${first} to ${last}`;
      assert(kept <= last && kept >= first - 1, sentence);
      peer.next = kept + 1;
      peer.released = last;
    }
  }

  get congested(): boolean {
    return this.board.congested;
  }

  get stoppedShard(): number {
    return this.board.stoppedShard;
  }

  stop(): void {
    this.board.stop(this.shardId);
    for (const bell of this.bells) bell.ring();
  }

  /** Only notes how far the channels may go: what is sent is in them, whatever becomes of the events. */
  write(events: MessageBuffer, from: number): number {
    const { words, floats, length } = events;
    for (let slot = from; slot < length; ) {
      const w = slot * SLOT_WORDS;
      const head = words[w + W_HEAD] as number;
      if (typeOf(head) === EVT_CHANNEL) {
        const peer = this.peerOf[words[w + W_PRICE] as number] as Peer;
        peer.released = floats[w / 2 + F_QTY] as number;
      }
      slot += slotsOf(head);
    }
    return length;
  }

  publish(): void {
    this.pump();
  }

  pump(): void {
    let most = 0;
    for (const peer of this.peers) {
      if (peer.shard >= this.routing.shards) continue;
      const channel = this.channelTo(peer);
      if (channel.firstKept <= channel.last) {
        const near = channel.firstKept;
        channel.acknowledge(this.board.read(NOTE_KEPT, this.shardId, peer.shard, near));
      }
      if (peer.next <= peer.released) this.send(peer, channel);
      most = Math.max(most, channel.last - channel.firstKept + 1);
    }
    this.noteCongestion(most);
  }

  get canPump(): boolean {
    return this.peers.some((peer) => peer.next <= peer.released && peer.writer.hasRoom);
  }

  applied(sequence: number, keptSequence: number): void {
    for (const { shard, bell } of this.peers) {
      // What a message caused is noted before the message: whoever sees it taken sees that too.
      if (shard < this.routing.shards) {
        this.board.note(NOTE_MADE, this.shardId, shard, this.lastTo(shard));
      }
      const { input } = this.inputs[shard < this.shardId ? shard : shard - 1] as HostInput;
      if (input.takeWantsRoom()) bell.ring();
    }
    let news = false;
    for (const peer of this.peers) {
      const taken = this.lastFrom(peer.shard);
      if (taken === peer.taken) continue;
      peer.taken = taken;
      news = true;
      this.board.note(NOTE_TAKEN, peer.shard, this.shardId, taken);
    }
    if (keptSequence >= this.waitingSequence) this.noteKept();
    if (this.waitingSequence !== Number.POSITIVE_INFINITY) return;
    if (!news && this.peers.every((peer) => peer.taken === peer.waitingKept)) return;
    for (const peer of this.peers) peer.waitingKept = peer.taken;
    this.waitingSequence = sequence;
    if (keptSequence >= sequence) this.noteKept();
  }

  private noteKept(): void {
    this.waitingSequence = Number.POSITIVE_INFINITY;
    const { congested } = this;
    for (const peer of this.peers) {
      this.board.note(NOTE_KEPT, peer.shard, this.shardId, peer.waitingKept);
      if (congested) peer.bell.ring();
    }
  }

  private send(peer: Peer, channel: ChannelOut): void {
    const before = peer.next;
    while (peer.next <= peer.released) {
      const message = channel.message(peer.next) as Int32Array;
      if (!peer.writer.tryWrite(message, 0, message.length / SLOT_WORDS)) break;
      peer.next++;
    }
    if (peer.next === before) return;
    peer.writer.publish();
    peer.bell.ring();
  }

  private noteCongestion(most: number): void {
    if (this.isCongested ? most >= KEPT_LOW : most <= KEPT_MAX) return;
    this.isCongested = !this.isCongested;
    this.board.addCongested(this.isCongested ? 1 : -1);
    if (!this.isCongested) for (const bell of this.bells) bell.ring();
  }

  private channelTo(peer: Peer): ChannelOut {
    return this.routing.channelTo(peer.shard);
  }

  /** 0 while this shard does not know of the other one yet. */
  private lastTo(shard: number): number {
    return shard < this.routing.shards ? this.routing.channelTo(shard).last : 0;
  }

  private lastFrom(shard: number): number {
    return shard < this.routing.shards ? this.routing.channelFrom(shard).last : 0;
  }
}
