import fs from 'node:fs';
import path from 'node:path';
import {
  CHUNK_WORDS,
  isRecord,
  newBlock,
  R_LENGTH,
  recordAccount,
  recordAccountSequence,
  recordSequence,
  SEGMENT_WORDS,
  type WordBlock,
} from './feed-record.js';

const WORD_BYTES = 4;
const INDEX_MAGIC = 0x46454544; // 'FEED'

/** Where an account's last record in a segment stands. */
export interface AccountEnd {
  account: number;
  position: number;
  accountSequence: number;
}

/** What is known of a finished segment without reading it. */
export interface SegmentIndex {
  /** Journal sequence of the first and the last event. */
  firstSequence: number;
  lastSequence: number;
  lastTimeMs: number;
  ends: AccountEnd[];
}

/** The files of the private feed log: `N.feed` with the records, `N.index` beside each finished one. */
export class FeedSegments {
  private readonly folder: string;
  private readonly readers = new Map<number, fs.promises.FileHandle>();

  constructor(folder: string) {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true });
  }

  /** Numbers of the segments on disk, oldest first. */
  list(): number[] {
    return fs
      .readdirSync(this.folder)
      .filter((name) => /^\d+\.feed$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  }

  openForWriting(segment: number): number {
    // Not in append mode: that would ignore the positions that are written to.
    return fs.openSync(this.file(segment), fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
  }

  /** The same file for writes past the page cache; −1 where the system has none. */
  openForDirectWrites(segment: number): number {
    const { O_DIRECT, O_RDWR } = fs.constants;
    if (O_DIRECT === undefined) return -1;
    try {
      return fs.openSync(this.file(segment), O_RDWR | O_DIRECT);
    } catch {
      return -1;
    }
  }

  bytesOf(segment: number): number {
    return fs.statSync(this.file(segment)).size;
  }

  remove(segment: number): void {
    void this.readers.get(segment)?.close();
    this.readers.delete(segment);
    fs.rmSync(this.file(segment), { force: true });
    fs.rmSync(this.indexFile(segment), { force: true });
  }

  /** Reads words of the stream. Fewer than asked for come back at the end of a file. */
  async read(position: number, words: number): Promise<WordBlock> {
    const segment = Math.floor(position / SEGMENT_WORDS);
    let reader = this.readers.get(segment);
    if (reader === undefined) {
      reader = await fs.promises.open(this.file(segment), 'r');
      this.readers.set(segment, reader);
    }
    const block = newBlock(words);
    const bytes = new Uint8Array(block.words.buffer);
    const from = (position - segment * SEGMENT_WORDS) * WORD_BYTES;
    await reader.read(bytes, 0, bytes.length, from);
    return block;
  }

  writeIndex(segment: number, index: SegmentIndex): void {
    const floats = new Float64Array(5 + index.ends.length * 3);
    floats.set([
      INDEX_MAGIC,
      index.firstSequence,
      index.lastSequence,
      index.lastTimeMs,
      index.ends.length,
    ]);
    index.ends.forEach((end, i) => {
      floats.set([end.account, end.position, end.accountSequence], 5 + i * 3);
    });
    const file = this.indexFile(segment);
    fs.writeFileSync(`${file}.new`, new Uint8Array(floats.buffer));
    fs.renameSync(`${file}.new`, file);
  }

  /** Null when the segment was not finished, or its index is harmed. */
  readIndex(segment: number): SegmentIndex | null {
    if (!fs.existsSync(this.indexFile(segment))) return null;
    const bytes = fs.readFileSync(this.indexFile(segment));
    const floats = new Float64Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 3);
    const [magic, firstSequence = 0, lastSequence = 0, lastTimeMs = 0, count = 0] = floats;
    if (magic !== INDEX_MAGIC || floats.length !== 5 + count * 3) return null;
    const ends: AccountEnd[] = [];
    for (let i = 5; i < floats.length; i += 3) {
      ends.push({
        account: floats[i] as number,
        position: floats[i + 1] as number,
        accountSequence: floats[i + 2] as number,
      });
    }
    return { firstSequence, lastSequence, lastTimeMs, ends };
  }

  /**
   * Reads a segment from its beginning up to the first record that is harmed or comes after the journal sequence
   * `until`, cuts the file there, and gives the index of what is left.
   */
  recover(segment: number, until: number): { index: SegmentIndex; cut: boolean } {
    const bytes = fs.readFileSync(this.file(segment));
    const block = newBlock(Math.ceil(bytes.length / 8) * 2);
    new Uint8Array(block.words.buffer).set(bytes);
    const end = bytes.length >> 2;
    const ends = new Map<number, AccountEnd>();
    const index: SegmentIndex = { firstSequence: 0, lastSequence: 0, lastTimeMs: 0, ends: [] };
    let at = 0;
    while (at < end) {
      if (block.words[at + R_LENGTH] === 0) {
        // The rest of a chunk stays empty when a record does not fit.
        at = (Math.floor(at / CHUNK_WORDS) + 1) * CHUNK_WORDS;
        continue;
      }
      if (!isRecord(block, at, end) || recordSequence(block, at) > until) break;
      index.lastSequence = recordSequence(block, at);
      if (index.firstSequence === 0) index.firstSequence = index.lastSequence;
      index.lastTimeMs = block.floats[at / 2 + 2] as number;
      const account = recordAccount(block, at);
      const position = segment * SEGMENT_WORDS + at;
      ends.set(account, {
        account,
        position,
        accountSequence: recordAccountSequence(block, at),
      });
      at += block.words[at + R_LENGTH] as number;
    }
    const cut = at < end;
    if (cut) fs.truncateSync(this.file(segment), at * WORD_BYTES);
    index.ends = [...ends.values()];
    return { index, cut };
  }

  async close(): Promise<void> {
    await Promise.all([...this.readers.values()].map((reader) => reader.close()));
    this.readers.clear();
  }

  private file(segment: number): string {
    return path.join(this.folder, `${String(segment).padStart(10, '0')}.feed`);
  }

  private indexFile(segment: number): string {
    return path.join(this.folder, `${String(segment).padStart(10, '0')}.index`);
  }
}
