import { writeFraming } from './framing.js';

const CHUNK_BYTES = 64 * 1024;
/** The longest message of the flow, with both headers. */
export const FLOW_MESSAGE_BYTES_MAX = 4 * 1024;

interface ChunkMemory {
  readonly bytes: Buffer;
  readonly view: DataView;
}

interface Chunk {
  readonly memory: ChunkMemory;
  /** Number of its first message. */
  readonly firstSeqNo: number;
  end: number;
}

/** Memory that the flows of all sessions share. */
export class FlowBudget {
  usedBytes = 0;
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }
}

/** A socket that may still have to send bytes of a flow. */
export interface FlowReader {
  /** Bytes that it has not sent yet. */
  readonly writableLength: number;
  readonly closed: boolean;
}

/** Whatever the others have, a flow keeps as much. */
const CHUNKS_MIN = 2;

/**
 * The recoverable flow of one session: its messages as they were sent, framed and one behind the other, numbered from 1. They are written
 * here and sent from here; who asks again gets the same bytes. The oldest go when there are more bytes than allowed.
 */
export class FlowStore {
  /** Number of the next message. */
  nextSeqNo = 1;
  /** Where the next message is written, behind its framing header is up to the writer: see `commit`. */
  view: DataView;
  at = 0;
  private readonly chunks: Chunk[] = [];
  private readonly chunksMax: number;
  private readonly budget: FlowBudget;
  /** Up to here everything was handed to the connection. */
  private sentChunk = 0;
  private sentEnd = 0;
  /** Chunks that were given up, so that the others keep their numbers. */
  private dropped = 0;
  private readonly readers = new Set<FlowReader>();

  constructor(bytesMax: number, budget: FlowBudget) {
    this.chunksMax = Math.max(CHUNKS_MIN, Math.ceil(bytesMax / CHUNK_BYTES));
    this.budget = budget;
    this.view = this.newChunk().memory.view;
  }

  /** Number of the oldest message that is still there. */
  get firstSeqNo(): number {
    return (this.chunks[0] as Chunk).firstSeqNo;
  }

  /** Makes room for a message; then `view` and `at` say where its framing header goes. */
  reserve(): void {
    const chunk = this.last;
    if (CHUNK_BYTES - chunk.end < FLOW_MESSAGE_BYTES_MAX) {
      this.view = this.newChunk().memory.view;
    }
    this.at = this.last.end;
  }

  /** Takes over a message of `messageBytes`, its own header included, behind the place of its framing header. */
  commit(messageBytes: number): void {
    this.last.end += writeFraming(this.view, this.at, messageBytes);
    this.nextSeqNo++;
  }

  /** A socket was given bytes of the flow, and has not sent all of them yet. */
  lentTo(reader: FlowReader): void {
    this.readers.add(reader);
  }

  /** The session is gone. */
  release(): void {
    this.budget.usedBytes -= this.chunks.length * CHUNK_BYTES;
  }

  /** What was not handed to the connection yet, in order; it counts as handed over now. */
  takeUnsent(): Buffer[] {
    const parts: Buffer[] = [];
    let number = Math.max(this.sentChunk, this.dropped);
    let from = number === this.sentChunk ? this.sentEnd : 0;
    for (; number < this.dropped + this.chunks.length; number++) {
      const chunk = this.chunks[number - this.dropped] as Chunk;
      if (chunk.end > from) parts.push(chunk.memory.bytes.subarray(from, chunk.end));
      from = 0;
    }
    this.skipUnsent();
    return parts;
  }

  get hasUnsent(): boolean {
    return this.sentChunk < this.lastNumber || this.sentEnd < this.last.end;
  }

  /** What is there is not sent by itself: a connection that begins asks for what it misses. */
  skipUnsent(): void {
    this.sentChunk = this.lastNumber;
    this.sentEnd = this.last.end;
  }

  /** The bytes of `count` messages from a number on; the caller has checked that they are there. */
  slice(fromSeqNo: number, count: number): Buffer[] {
    const parts: Buffer[] = [];
    const endSeqNo = fromSeqNo + count;
    this.chunks.forEach((chunk, i) => {
      const nextSeqNo = this.chunks[i + 1]?.firstSeqNo ?? this.nextSeqNo;
      const first = Math.max(fromSeqNo, chunk.firstSeqNo);
      const last = Math.min(endSeqNo, nextSeqNo);
      if (first >= last) return;
      const from = placeOf(chunk, 0, first - chunk.firstSeqNo);
      parts.push(chunk.memory.bytes.subarray(from, placeOf(chunk, from, last - first)));
    });
    return parts;
  }

  private get last(): Chunk {
    return this.chunks[this.chunks.length - 1] as Chunk;
  }

  private get lastNumber(): number {
    return this.dropped + this.chunks.length - 1;
  }

  private newChunk(): Chunk {
    const memory = this.makeRoom() ?? newMemory();
    const chunk = { memory, firstSeqNo: this.nextSeqNo, end: 0 };
    this.chunks.push(chunk);
    this.budget.usedBytes += CHUNK_BYTES;
    return chunk;
  }

  /** Gives up the oldest chunks until there may be one more; gives memory that nobody sends from any more, if there is any. */
  private makeRoom(): ChunkMemory | null {
    let memory: ChunkMemory | null = null;
    while (this.isFull) {
      memory = (this.chunks.shift() as Chunk).memory;
      this.dropped++;
      this.budget.usedBytes -= CHUNK_BYTES;
    }
    return this.isLent ? null : memory;
  }

  private get isFull(): boolean {
    const { length } = this.chunks;
    if (length >= this.chunksMax) return true;
    const { bytesMax, usedBytes } = this.budget;
    return length >= CHUNKS_MIN && usedBytes + CHUNK_BYTES > bytesMax;
  }

  /** Also sockets of connections that have ended: they send what they were given before. */
  private get isLent(): boolean {
    for (const reader of this.readers) {
      if (reader.closed || reader.writableLength === 0) this.readers.delete(reader);
    }
    return this.readers.size > 0;
  }
}

/**
 * Nobody shares it, but the collector does not count shared memory: with ordinary one it marked the whole heap three times a second while
 * many sessions traded.
 */
function newMemory(): ChunkMemory {
  const bytes = Buffer.from(new SharedArrayBuffer(CHUNK_BYTES));
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Behind `count` frames from a place on. */
function placeOf({ memory: { view } }: Chunk, from: number, count: number): number {
  let at = from;
  for (let i = 0; i < count; i++) at += view.getUint32(at, false);
  return at;
}
