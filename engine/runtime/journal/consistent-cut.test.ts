import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { F_QTY, headOf, SLOT_FLOATS, SLOT_WORDS, W_FLAGS, W_PRICE } from '../../messages/layout.js';
import { MessageBuffer } from '../../messages/message-buffer.js';
import { CMD_CHANNEL, CMD_TIMER, MSG_FEE_RATES } from '../../messages/types.js';
import { cutToConsistency, shardsThatForgot } from './consistent-cut.js';
import { journalDirectory } from './directories.js';
import { Journal } from './journal.js';
import { JournalReader } from './journal-reader.js';
import { makeScratch, removeScratch } from './scratch.fixture.js';

/** A message in a journal: the number of a channel message with its sender, or null for another one. */
type Entry = { from: number; number: number } | null;

afterEach(removeScratch);

/** Writes a run of a shard: an epoch with these frames. */
async function run(
  dataDir: string,
  epoch: number,
  lastSequence: number,
  frames: Entry[][],
  shardId = 1,
) {
  const directory = journalDirectory(dataDir, shardId);
  const shard = { shardId, lastSequence, lastTimeMs: 0 };
  const journal = new Journal({ policy: 'never', directory, epoch, ...shard });
  for (const entries of frames) {
    const messages = new MessageBuffer(8);
    for (const entry of entries) push(messages, entry);
    const firstSequence = journal.nextSequence;
    journal.append({ messages, firstSequence, count: entries.length, timeMs: 1 });
  }
  journal.write();
  await journal.close();
  return journal.writtenSequence;
}

function push(messages: MessageBuffer, entry: Entry): void {
  const slot = messages.push(entry === null ? 1 : 2);
  const w = slot * SLOT_WORDS;
  messages.words[w] = entry === null ? headOf(CMD_TIMER, 1, 0) : headOf(CMD_CHANNEL, 2, 0);
  if (entry === null) return;
  messages.words[w + W_FLAGS] = entry.from;
  messages.words[w + W_PRICE] = 1;
  messages.floats[slot * SLOT_FLOATS + F_QTY] = entry.number;
  messages.words[w + SLOT_WORDS] = headOf(MSG_FEE_RATES, 1, 0);
}

/** The sender's own journal: what matters is that it is there. */
function otherShards(dataDir: string, ...shards: number[]): void {
  for (const shard of shards) {
    const directory = journalDirectory(dataDir, shard);
    fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(path.join(directory, '0000000000000001.journal'), '');
  }
}

function lastSequenceOf(dataDir: string, shardId = 1): number {
  const reader = new JournalReader(journalDirectory(dataDir, shardId), shardId);
  while (reader.next());
  return reader.lastSequence;
}

const none = { firstKept: [1, 1, 1], taken: [0, 0, 0] };
const from = (shard: number) => (number: number) => ({ from: shard, number });
const [from0, from2] = [from(0), from(2)];

describe('shards that do not fit together', () => {
  it('are cut before the first message that was never sent, by whole frames, and keep what is cut', async () => {
    const dataDir = makeScratch();
    otherShards(dataDir, 0, 2);
    await run(dataDir, 1, 0, [
      [null, from0(1)],
      // Twice, and too early: neither has an effect.
      [from0(1), from0(9), from2(1)],
      [null, from2(2)],
      [from0(2), from0(3)],
      [null],
    ]);
    const sent = (number: number) => ({ ...none, sent: [0, number, 0] });
    const own = { sent: [0, 0, 0], firstKept: [1, 1, 1], taken: [3, 0, 2] };
    const cuts = cutToConsistency(dataDir, [sent(2), own, sent(2)]);
    expect(cuts).toMatchObject([{ shard: 1, sequence: 7, messages: 3 }]);
    expect(cuts[0]?.sentence).toMatch(/message 3 of shard 0.*cut back to sequence 7, 3 messages/);
    expect(lastSequenceOf(dataDir)).toBe(7);
    expect(fs.readdirSync(cuts[0]?.keptIn as string)).toHaveLength(1);
    // The shard that loses the most decides.
    const again = cutToConsistency(dataDir, [sent(2), { ...own, taken: [1, 0, 2] }, sent(0)]);
    expect(again).toMatchObject([{ shard: 1, sequence: 2, messages: 5 }]);
  });

  it('are left alone when they fit', async () => {
    const dataDir = makeScratch();
    await run(dataDir, 1, 0, [[from0(1)], [from0(2)]]);
    const sender = { ...none, sent: [0, 2, 0] };
    const receiver = { ...none, sent: [0, 0, 0], taken: [2, 0, 0] };
    expect(cutToConsistency(dataDir, [sender, receiver])).toEqual([]);
    expect(lastSequenceOf(dataDir)).toBe(2);
  });

  it('are refused when what does not fit was safe at a later start', async () => {
    const dataDir = makeScratch();
    otherShards(dataDir, 0);
    const end = await run(dataDir, 1, 0, [[from0(1)], [from0(2)]]);
    await run(dataDir, 2, end, [[null], [from0(3)]]);
    const receiver = { ...none, sent: [0, 0, 0], taken: [3, 0, 0] };
    const cut = (sent: number) => {
      return cutToConsistency(dataDir, [{ ...none, sent: [0, sent, 0] }, receiver]);
    };
    expect(() => cut(1)).toThrow(/files of shard 0 are missing.*repair --truncate-at 1:2/);
    expect(lastSequenceOf(dataDir)).toBe(4);
    expect(cut(2)).toMatchObject([{ sequence: 3 }]);
  });

  it('are refused before the first is cut, when one of them must not be', async () => {
    const dataDir = makeScratch();
    otherShards(dataDir, 0);
    await run(dataDir, 2, 0, [[null], [from0(1)]]);
    const end = await run(dataDir, 1, 0, [[from0(1)]], 2);
    await run(dataDir, 2, end, [[null]], 2);
    const sender = { ...none, sent: [0, 0, 0] };
    const receiver = { ...none, sent: [0, 0, 0], taken: [1, 0, 0] };
    const cut = () => cutToConsistency(dataDir, [sender, receiver, receiver]);
    expect(cut).toThrow(/Nothing was changed.*repair --truncate-at 2:1/);
    expect([1, 2].map((shard) => lastSequenceOf(dataDir, shard))).toEqual([2, 2]);
  });

  it('are refused when the sender has no journal at all', async () => {
    const dataDir = makeScratch();
    await run(dataDir, 1, 0, [[from0(1)]]);
    const receiver = { ...none, sent: [0, 0, 0], taken: [1, 0, 0] };
    const sender = { ...none, sent: [0, 0, 0] };
    expect(() => cutToConsistency(dataDir, [sender, receiver])).toThrow(/Nothing was changed/);
    expect(lastSequenceOf(dataDir)).toBe(1);
  });

  it('name the senders that have forgotten what is needed again', () => {
    const sender = { ...none, sent: [0, 9, 9], firstKept: [1, 6, 8] };
    const receivers = (first: number, second: number) => [
      { ...none, sent: [0, 0, 0], taken: [first, 0, 0] },
      { ...none, sent: [0, 0, 0], taken: [second, 0, 0] },
    ];
    expect(shardsThatForgot([sender, ...receivers(5, 7)])).toEqual([]);
    expect(shardsThatForgot([sender, ...receivers(4, 7)])).toEqual([0]);
    expect(shardsThatForgot([sender, ...receivers(5, 6)])).toEqual([0]);
  });
});
