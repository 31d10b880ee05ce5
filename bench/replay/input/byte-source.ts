import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { crc32 } from '@node-rs/crc32';
import { ReplayError } from '../replay-error.js';

/** Large enough that the cost of a chunk does not matter, small enough to stay in the cache. */
const CHUNK_BYTES = 1 << 18;

/**
 * Something to read once from front to back in chunks, so that a recording of any size needs the same
 * memory. Positions are those of the stored, perhaps compressed, bytes: they drive the progress bar.
 */
export interface ByteSource {
  /** As the user knows it: the file's name, or `archive.zip/entry.csv`. */
  readonly name: string;
  readonly storedBytes: number;
  /** Stored bytes that were read so far. */
  position(): number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** An entry of a zip archive, as its central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly dataOffset: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  readonly crc: number;
}

export async function fileSource(path: string): Promise<ByteSource> {
  const magic = await readBytes(path, 0, 2);
  const isGzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const stored = () => createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const name = basename(path);
  return new StreamSource(name, fileBytes(path), stored, isGzip ? createGunzip : null);
}

const ZIP_STORED = 0;
const ZIP_DEFLATED = 8;

export function zipEntrySource(path: string, entry: ZipEntry): ByteSource {
  const name = `${basename(path)}/${entry.name}`;
  if (entry.method !== ZIP_STORED && entry.method !== ZIP_DEFLATED) {
    throw new ReplayError(`${name}: is packed with method ${entry.method}, expected deflate`);
  }
  const end = entry.dataOffset + entry.compressedBytes - 1;
  const stored = () => {
    return createReadStream(path, { start: entry.dataOffset, end, highWaterMark: CHUNK_BYTES });
  };
  const inflate = () => createInflateRaw({ chunkSize: CHUNK_BYTES });
  const unpack = entry.method === ZIP_STORED ? null : inflate;
  return new StreamSource(name, entry.compressedBytes, stored, unpack, entry);
}

export function fileBytes(path: string): number {
  return statSync(path).size;
}

/** Fewer bytes than asked for when the file ends before. */
export async function readBytes(path: string, from: number, length: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

class StreamSource implements ByteSource {
  readonly name: string;
  readonly storedBytes: number;
  private consumed = 0;
  private readonly stored: () => Readable;
  private readonly unpack: (() => Transform) | null;
  private readonly entry: ZipEntry | null;

  constructor(
    name: string,
    storedBytes: number,
    stored: () => Readable,
    unpack: (() => Transform) | null,
    entry: ZipEntry | null = null,
  ) {
    this.name = name;
    this.storedBytes = storedBytes;
    this.stored = stored;
    this.unpack = unpack;
    this.entry = entry;
  }

  position(): number {
    return this.consumed;
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    this.consumed = 0;
    const source = this.stored();
    const stream = this.unpack === null ? this.count(source) : this.count(source, this.unpack());
    let bytes = 0;
    let crc = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        if (this.entry !== null) {
          bytes += chunk.length;
          crc = crc32(chunk, crc);
        }
        yield chunk;
      }
    } catch (error) {
      throw this.unreadable(error);
    } finally {
      source.destroy();
      stream.destroy();
    }
    this.checkEntry(bytes, crc);
  }

  private count(source: Readable, unpack?: Transform): Readable {
    const counter = new Transform({
      transform: (chunk: Uint8Array, _encoding, done) => {
        this.consumed += chunk.length;
        done(null, chunk);
      },
    });
    source.once('error', (error) => counter.destroy(error));
    source.pipe(counter);
    if (unpack === undefined) return counter;
    counter.once('error', (error) => unpack.destroy(error));
    return counter.pipe(unpack);
  }

  /** The gzip format checks itself; of a zip entry only its directory knows what should have come out. */
  private checkEntry(bytes: number, crc: number): void {
    if (this.entry === null) return;
    if (bytes !== this.entry.bytes) {
      const problem = `unpacks to ${bytes} bytes, expected ${this.entry.bytes}`;
      throw new ReplayError(`${this.name}: the zip archive is broken: it ${problem}`);
    }
    if (crc !== this.entry.crc) {
      throw new ReplayError(`${this.name}: the zip archive is broken: its CRC-32 does not agree`);
    }
  }

  private unreadable(error: unknown): Error {
    if (error instanceof ReplayError || !(error instanceof Error)) return error as Error;
    const kind = this.entry === null ? 'gzip file' : 'zip archive';
    const packed = 'code' in error && String(error.code).startsWith('Z_');
    const what = packed ? `the ${kind} is broken or cut short` : 'cannot be read';
    return new ReplayError(`${this.name}: ${what} (${error.message})`);
  }
}
