import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_MAX = 1_000;

/** What a process says, line by line. */
export class Sentences {
  private readonly lines: string[] = [];

  constructor(stream: Readable) {
    createInterface({ input: stream }).on('line', (line) => {
      this.lines.push(line);
      if (this.lines.length > KEPT_MAX) this.lines.shift();
    });
  }

  /** The newest lines, for complaints. */
  get tail(): string {
    return this.lines.slice(-40).join('\n');
  }

  /** The newest line that matches. */
  newest(pattern: RegExp): RegExpMatchArray | null {
    for (let i = this.lines.length - 1; i >= 0; i--) {
      const match = (this.lines[i] as string).match(pattern);
      if (match !== null) return match;
    }
    return null;
  }
}
