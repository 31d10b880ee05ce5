import fs from 'node:fs';
import path from 'node:path';

/** A file with so much behind its beginning, and no less than that has, is followed by another one: it is all read at once. */
const SEGMENT_BYTES = 1 << 20;
/** All files of a session together; the oldest goes first. */
const SESSION_BYTES_MAX = 64 << 20;

interface Segment {
  readonly name: string;
  readonly index: number;
  /** Number of the first message to the client that can be in it. */
  readonly firstOut: number;
  bytes: number;
}

/**
 * A session's files: JSON lines, each the whole change of one moment, so that a line that a crash has cut is as if it had not
 * happened. Every file begins with the whole state.
 */
export class SessionFiles {
  private readonly folder: string;
  private segments: Segment[];
  private file = -1;
  /** Of the last file that there ever was: names do not come again. */
  private lastIndex: number;
  /** Of the last file: what its state takes at its beginning. */
  private stateBytes = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.segments = segmentsOf(folder);
    this.lastIndex = this.segments.at(-1)?.index ?? 0;
  }

  /** Lines of the last file, oldest first; none when the session is new. What a crash has cut off is gone. */
  open(): string[] {
    for (let last = this.segments.at(-1); last !== undefined; last = this.segments.at(-1)) {
      const name = path.join(this.folder, last.name);
      const bytes = fs.readFileSync(name);
      const lines = wholeLines(bytes);
      if (lines.length > 0) {
        this.goOn(last, name, lines, bytes.length);
        return lines;
      }
      // The crash came before its state was written: that of the file before still holds.
      fs.rmSync(name);
      this.segments.pop();
    }
    return [];
  }

  /** The file has grown so long that the next line should be a whole state in a new one. */
  get isFull(): boolean {
    const bytes = this.segments.at(-1)?.bytes ?? 0;
    return bytes - this.stateBytes >= Math.max(SEGMENT_BYTES, this.stateBytes);
  }

  /** Begins a file with the whole state. `firstOut`: number of the next message to the client. */
  begin(state: string, firstOut: number): void {
    if (this.file < 0) fs.mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.close();
    this.lastIndex++;
    const index = this.lastIndex;
    const name = `${String(index).padStart(8, '0')}-${firstOut}.jsonl`;
    this.file = fs.openSync(path.join(this.folder, name), 'ax', 0o600);
    const segment = { name, index, firstOut, bytes: 0 };
    this.segments.push(segment);
    this.append(state);
    this.stateBytes = segment.bytes;
    this.dropOldest();
  }

  /** Writes before it returns, so that what is sent afterwards survives this process. */
  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(this.file, bytes, at);
    (this.segments.at(-1) as Segment).bytes += bytes.length;
  }

  /** What was written is on disk when it returns. */
  sync(): void {
    if (this.file >= 0) fs.fsyncSync(this.file);
  }

  /** All lines that can tell of messages from this number on, file by file. */
  async *linesFrom(firstOut: number): AsyncGenerator<string[]> {
    const later = this.segments.findIndex((segment) => segment.firstOut > firstOut);
    const first = later < 0 ? this.segments.length - 1 : Math.max(0, later - 1);
    for (const { name } of this.segments.slice(first)) {
      yield wholeLines(await fs.promises.readFile(path.join(this.folder, name)));
    }
  }

  /** The session begins anew. */
  clear(): void {
    this.close();
    for (const { name } of this.segments) fs.rmSync(path.join(this.folder, name), { force: true });
    this.segments = [];
  }

  close(): void {
    if (this.file >= 0) fs.closeSync(this.file);
    this.file = -1;
  }

  private goOn(last: Segment, name: string, lines: readonly string[], size: number): void {
    const length = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    if (length < size) fs.truncateSync(name, length);
    this.file = fs.openSync(name, 'a', 0o600);
    last.bytes = length;
    this.stateBytes = Buffer.byteLength(lines[0] as string);
  }

  private dropOldest(): void {
    let bytes = this.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    while (bytes > SESSION_BYTES_MAX && this.segments.length > 2) {
      const oldest = this.segments.shift() as Segment;
      fs.rmSync(path.join(this.folder, oldest.name), { force: true });
      bytes -= oldest.bytes;
    }
  }
}

function segmentsOf(folder: string): Segment[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .flatMap((name) => {
      const match = /^(\d{8,})-(\d+)\.jsonl$/.exec(name);
      if (match === null) return [];
      const { size: bytes } = fs.statSync(path.join(folder, name));
      return [{ name, index: Number(match[1]), firstOut: Number(match[2]), bytes }];
    })
    .sort((a, b) => a.index - b.index);
}

/** Lines up to the first that is not whole. */
function wholeLines(bytes: Buffer): string[] {
  const lines = bytes.toString('utf8').split('\n');
  // Behind the last end of line stands nothing, or what was cut.
  lines.pop();
  const broken = lines.findIndex((line) => !line.startsWith('{') || !line.endsWith('}'));
  return broken < 0 ? lines : lines.slice(0, broken);
}
