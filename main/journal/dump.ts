import { SLOT_WORDS, slotsOf, W_HEAD } from '../../engine/messages/layout.js';
import { describeTornTail } from '../../engine/runtime/journal/damage.js';
import { journalDirectory } from '../../engine/runtime/journal/directories.js';
import { JournalReader } from '../../engine/runtime/journal/journal-reader.js';
import type { CommandLine, Output } from './command-line.js';
import { type MessageFields, messageFields } from './message-fields.js';

/** Lines are handed over in packs: a system call for each would be most of the time. */
const PACK_CHARACTERS = 64 * 1024;

/** Prints the messages of the given shards, one line each, in the order of the journal. */
export function dump(line: CommandLine, output: Output): void {
  for (const shard of line.shards) dumpShard(line, shard, output);
}

function dumpShard(line: CommandLine, shard: number, output: Output): void {
  const from = line.from.get(shard) ?? 1;
  const until = line.until.get(shard) ?? Number.POSITIVE_INFINITY;
  const reader = new JournalReader(journalDirectory(line.dataDir, shard), shard, from);
  let pack = '';
  try {
    while (reader.next() && reader.frame.firstSequence <= until) {
      const { messages, firstSequence, count, timeMs, epoch } = reader.frame;
      for (let i = 0, slot = 0; i < count && slot < messages.length; i++) {
        const sequence = firstSequence + i;
        if (sequence >= from && sequence <= until) {
          const fields = { shard, sequence, timeMs, epoch, ...messageFields(messages, slot) };
          pack += line.json ? `${JSON.stringify(fields)}\n` : `${readable(fields)}\n`;
        }
        slot += Math.max(1, slotsOf(messages.words[slot * SLOT_WORDS + W_HEAD]));
      }
      if (pack.length >= PACK_CHARACTERS) {
        output.out(pack);
        pack = '';
      }
    }
    if (reader.tornTail !== null) output.note(`${describeTornTail(reader.tornTail)}; not cut`);
  } finally {
    if (pack !== '') output.out(pack);
    reader.close();
  }
}

function readable({ shard, sequence, timeMs, epoch, type, ...rest }: MessageFields): string {
  const time = new Date(timeMs as number).toISOString();
  const words = Object.entries(rest).map(([name, value]) => `${name}=${textOf(value)}`);
  return [`${shard}:${sequence}`, time, `epoch=${epoch}`, type, ...words].join(' ');
}

function textOf(value: string | number | boolean | object): string {
  if (typeof value === 'object') return JSON.stringify(value);
  // A client chooses its ids: control characters must not reach the operator's terminal.
  if (typeof value === 'string' && !/^[\w.:+/-]*$/.test(value)) return JSON.stringify(value);
  return String(value);
}
