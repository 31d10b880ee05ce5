import { type Place, ReplayError, rowProblem } from '../replay-error.js';
import type { ByteSource } from './byte-source.js';

const NEW_LINE = 10;
const CARRIAGE_RETURN = 13;
/** A depth snapshot is about 50 kB; whatever is longer than this is not a line of a recording. */
const LINE_BYTES_MAX = 16 << 20;

/**
 * Cuts a source into lines. The hot loop calls `next`, which costs no promise, and only awaits `advance` when
 * the chunk at hand is used up. The line's bytes are `buffer[start … end)`, valid until the next call.
 */
export class LineReader implements Place {
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** Number of the current line, 0 before the first. */
  line = 0;
  readonly source: ByteSource;
  private readonly iterator: AsyncIterator<Uint8Array>;
  private position = 0;
  private ended = false;

  constructor(source: ByteSource) {
    this.source = source;
    this.iterator = source.chunks()[Symbol.asyncIterator]();
  }

  get file(): string {
    return this.source.name;
  }

  /** Steps to the next line; false: `advance` has to be called. */
  next(): boolean {
    const newLine = this.buffer.indexOf(NEW_LINE, this.position);
    if (newLine < 0 && !(this.ended && this.position < this.buffer.length)) return false;
    this.start = this.position;
    this.end = newLine < 0 ? this.buffer.length : newLine;
    this.position = newLine < 0 ? this.end : newLine + 1;
    if (this.end > this.start && this.buffer[this.end - 1] === CARRIAGE_RETURN) this.end--;
    this.line++;
    return true;
  }

  /** Steps to the next line, reading on as far as necessary; false at the end of the source. */
  async advance(): Promise<boolean> {
    while (!this.next()) {
      if (this.ended) return false;
      await this.readOn();
    }
    return true;
  }

  /** Steps over lines that an earlier run has used. */
  async skipTo(line: number): Promise<void> {
    while (this.line < line) {
      if (!(await this.advance())) {
        throw new ReplayError(`${this.file}: ends in line ${this.line}, expected line ${line}`);
      }
    }
  }

  text(): string {
    return this.buffer.toString('utf8', this.start, this.end);
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private async readOn(): Promise<void> {
    const { done, value } = await this.iterator.next();
    const left = this.buffer.subarray(this.position);
    this.position = 0;
    if (done === true) {
      this.ended = true;
      this.buffer = left;
      return;
    }
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.buffer = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    if (left.length > LINE_BYTES_MAX) {
      this.line++;
      throw rowProblem(this, `the line is longer than ${LINE_BYTES_MAX} bytes`);
    }
  }
}
