import fs from 'node:fs';
import path from 'node:path';

/** Bits of W_SESSION that name a session. */
const NUMBERS = 1 << 24;
/** Taken at once, so that most sessions cost no write. */
const BLOCK = 256;

/**
 * Numbers for sessions, none of which comes again while an answer to its commands could: they are taken in blocks from a file,
 * and begin anew after sixteen million.
 */
export class SessionCounter {
  private readonly file: string;
  private next: number;
  private end: number;

  constructor(folder: string) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.file = path.join(folder, 'next-session');
    const text = fs.existsSync(this.file) ? fs.readFileSync(this.file, 'utf8').trim() : '1';
    if (!/^\d{1,10}$/.test(text))
      throw new Error(`${this.file} must hold a number, but has ${text}`);
    this.next = Number(text);
    this.end = this.next;
  }

  take(): number {
    if (this.next >= this.end) {
      this.end = this.next + BLOCK;
      const fresh = `${this.file}.new`;
      fs.writeFileSync(fresh, String(this.end), { mode: 0o600 });
      fs.renameSync(fresh, this.file);
    }
    // 0 is nobody's.
    return (this.next++ % (NUMBERS - 1)) + 1;
  }
}
