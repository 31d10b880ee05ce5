import type { ByteSource } from '../input/byte-source.js';
import { LineReader } from '../input/line-reader.js';
import { ReplayError } from '../replay-error.js';

/** The files of a capture as one stream of lines, in the order in which they were given. */
export class CaptureLines {
  private readonly sources: readonly ByteSource[];
  private readonly storedBytes: number;
  private index = 0;
  private reader: LineReader;

  constructor(sources: readonly ByteSource[]) {
    this.sources = sources;
    this.storedBytes = sources.reduce((sum, source) => sum + source.storedBytes, 0);
    this.reader = new LineReader(sources[0] as ByteSource);
  }

  /** Place and text of the current line. */
  get current(): LineReader {
    return this.reader;
  }

  progress(): number {
    return this.sources.reduce((sum, source) => sum + source.position(), 0) / this.storedBytes;
  }

  next(): boolean {
    return this.reader.next();
  }

  async advance(): Promise<boolean> {
    while (!(await this.reader.advance())) {
      if (this.reader.line === 0) throw new ReplayError(`${this.reader.file}: is empty`);
      const following = this.sources[this.index + 1];
      if (following === undefined) return false;
      this.index++;
      this.reader = new LineReader(following);
    }
    return true;
  }

  /** Steps over the lines of an earlier run. */
  async skip(lines: number): Promise<void> {
    for (let left = lines; left > 0; left--) {
      if (this.next() || (await this.advance())) continue;
      throw new ReplayError(`${this.reader.file}: ends before the checkpoint's line ${lines}`);
    }
  }

  async close(): Promise<void> {
    await this.reader.close();
  }
}
