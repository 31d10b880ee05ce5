import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { crc32 } from '@node-rs/crc32';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { fileBytes, readBytes } from './input/byte-source.js';
import type { Replay } from './replay.js';
import { ReplayError } from './replay-error.js';

const MAGIC = 'PLIMREP1';
/** Magic, length of the header, CRC-32 of all that follows. */
const PREFIX_BYTES = 16;
const FLOAT_BYTES = 8;
const FINGERPRINT_BYTES = 1 << 16;

/**
 * What a checkpoint belongs to. A state of one recording or engine means nothing to another, so all of this has to
 * agree before it is used.
 */
export interface ReplayIdentity {
  readonly kind: string;
  readonly engine: string;
  /** Name, size and a hash of the beginning and end of each file. */
  readonly files: readonly string[];
  readonly units: string;
}

export async function fingerprint(path: string): Promise<string> {
  const bytes = fileBytes(path);
  const hash = createHash('sha256').update(await readBytes(path, 0, FINGERPRINT_BYTES));
  hash.update(await readBytes(path, Math.max(0, bytes - FINGERPRINT_BYTES), FINGERPRINT_BYTES));
  return `${basename(path)} ${bytes} ${hash.digest('hex')}`;
}

/**
 * A file with which an interrupted replay goes on. A replay is deterministic, so its state after a message is all
 * there is to keep: counters, mirror and the engine's own state in its canonical form.
 */
export class CheckpointFile {
  private readonly path: string;
  private readonly identity: string;

  constructor(path: string, identity: ReplayIdentity) {
    this.path = path;
    this.identity = JSON.stringify(identity);
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Whoever is interrupted here finds the checkpoint before this one. */
  save(replay: Replay): void {
    const writer = new CanonicalWriter();
    replay.write(writer);
    const state = writer.bytes();
    const header = Buffer.from(this.identity);
    const padding = Buffer.alloc((FLOAT_BYTES - (header.length % FLOAT_BYTES)) % FLOAT_BYTES);
    const body = Buffer.concat([header, padding, state]);
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.write(MAGIC, 'latin1');
    prefix.writeUInt32LE(header.length, MAGIC.length);
    prefix.writeUInt32LE(crc32(body), MAGIC.length + 4);
    const next = `${this.path}.next`;
    try {
      writeFileSync(next, Buffer.concat([prefix, body]));
      renameSync(next, this.path);
    } catch (error) {
      throw new ReplayError(`${this.path}: the checkpoint cannot be written (${message(error)})`);
    }
  }

  async resume(replay: Replay): Promise<void> {
    const reader = new CanonicalReader(this.readState());
    try {
      await replay.resume(reader);
    } catch (error) {
      if (error instanceof ReplayError) throw error;
      throw this.problem(`its state cannot be used (${message(error)})`);
    }
    if (!reader.atEnd) throw this.problem('its state is longer than expected');
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  private readState(): Uint8Array {
    const bytes = readFileSync(this.path);
    const isOurs = bytes.length >= PREFIX_BYTES && bytes.toString('latin1', 0, 8) === MAGIC;
    if (!isOurs) throw this.problem('it is not a checkpoint of a replay');
    const body = bytes.subarray(PREFIX_BYTES);
    if (crc32(body) !== bytes.readUInt32LE(MAGIC.length + 4)) {
      throw this.problem('it is broken: its CRC-32 does not agree');
    }
    const headerBytes = bytes.readUInt32LE(MAGIC.length);
    const identity = body.toString('utf8', 0, headerBytes);
    if (identity !== this.identity) {
      const expected = `it belongs to ${identity}, but this replay is ${this.identity}`;
      throw this.problem(expected);
    }
    return new Uint8Array(body.subarray(Math.ceil(headerBytes / FLOAT_BYTES) * FLOAT_BYTES));
  }

  private problem(sentence: string): ReplayError {
    const help = 'remove it to begin anew';
    return new ReplayError(`${this.path}: the checkpoint cannot be used: ${sentence}; ${help}`);
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
