import fs from 'node:fs';
import { crc32c } from '@node-rs/crc32';

const SLOT_BYTES = 48;
const NUMBERS = 4;

/**
 * Four numbers that change often, in one small file that other processes read at any time. They are
 * written to two places in turn, each with a counter and a CRC: a write that was cut by a power failure
 * leaves the one before.
 */
export class StampedFile {
  private readonly slot = Buffer.alloc(SLOT_BYTES);
  private readonly fd: number;
  private counter: number;

  readonly path: string;

  /** Opens it for writing and makes it when it is missing. */
  constructor(path: string) {
    this.path = path;
    this.fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    this.counter = (readBoth(this.fd)?.counter ?? 0) + 1;
  }

  write(numbers: readonly [number, number, number, number]): void {
    const { slot } = this;
    slot.writeDoubleLE(this.counter, 4);
    for (const [index, number] of numbers.entries()) slot.writeDoubleLE(number, 12 + index * 8);
    slot.writeUInt32LE(crc32c(slot.subarray(4)), 0);
    fs.writeSync(this.fd, slot, 0, SLOT_BYTES, (this.counter % 2) * SLOT_BYTES);
    this.counter++;
  }

  sync(): void {
    fs.fdatasyncSync(this.fd);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

/** The newest four numbers, or null when the file is missing or holds none. */
export function readStamped(path: string): [number, number, number, number] | null {
  let fd: number;
  try {
    fd = fs.openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return readStampedFrom(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** The same from a file that is open. */
export function readStampedFrom(fd: number): [number, number, number, number] | null {
  return readBoth(fd)?.numbers ?? null;
}

function readBoth(
  fd: number,
): { counter: number; numbers: [number, number, number, number] } | null {
  const bytes = Buffer.alloc(2 * SLOT_BYTES);
  const length = fs.readSync(fd, bytes, 0, bytes.length, 0);
  let newest: ReturnType<typeof readBoth> = null;
  for (let at = 0; at + SLOT_BYTES <= length; at += SLOT_BYTES) {
    const slot = bytes.subarray(at, at + SLOT_BYTES);
    // A slot that was never written is zeros, and its CRC is not.
    if (slot.readUInt32LE(0) !== crc32c(slot.subarray(4))) continue;
    const counter = slot.readDoubleLE(4);
    if (newest !== null && newest.counter > counter) continue;
    const numbers: [number, number, number, number] = [0, 0, 0, 0];
    for (let index = 0; index < NUMBERS; index++) {
      numbers[index] = slot.readDoubleLE(12 + index * 8);
    }
    newest = { counter, numbers };
  }
  return newest;
}
