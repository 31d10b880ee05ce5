import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/**
 * Lines of JSON that are only ever appended to. A line counts once it is on the disk with its end; one that a crash has cut is
 * dropped when the file is opened, and nobody was ever told of it.
 */
export class KeyFile {
  private readonly path: string;
  private handle: FileHandle | null = null;
  private last: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** All entries, oldest first. Throws when a line in the middle is no JSON: then somebody else has written to it. */
  read(): unknown[] {
    if (!fs.existsSync(this.path)) return [];
    const text = fs.readFileSync(this.path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) fs.truncateSync(this.path, Buffer.byteLength(whole));
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line, i) => {
        try {
          return JSON.parse(line) as unknown;
        } catch {
          throw new Error(`${this.path} has a line that is no JSON: line ${i + 1}`);
        }
      });
  }

  /** Resolves when the entry will survive a loss of power. One after the other. */
  append(entry: unknown): Promise<void> {
    const done = this.last.then(() => this.write(`${JSON.stringify(entry)}\n`));
    // A failed write must not keep the next one from being tried.
    this.last = done.catch(() => {});
    return done;
  }

  async close(): Promise<void> {
    await this.last;
    await this.handle?.close();
    this.handle = null;
  }

  private async write(line: string): Promise<void> {
    this.handle ??= await fs.promises.open(this.path, 'a', 0o600);
    await this.handle.appendFile(line);
    await this.handle.datasync();
  }
}
