import {
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_FLAGS,
  W_HEAD,
} from '../../messages/layout.js';
import { CMD_CHANNEL } from '../../messages/types.js';
import type { Frame } from '../../shard/frame.js';
import type { Routing } from '../../shard/routing.js';
import { journalDirectory, listSequenced } from './directories.js';
import { JournalReader } from './journal-reader.js';
import { repairJournal } from './repair.js';

/** How far each channel of a recovered shard had come, by the number of the other shard. */
export interface ChannelEnds {
  /** Last number sent to it, and the oldest that can be sent again. */
  sent: number[];
  firstKept: number[];
  /** Last number taken from it. */
  taken: number[];
}

/** The journals of a host's shards do not fit together, and no power failure can be the reason. */
export class InconsistentShardsError extends Error {
  override readonly name = 'InconsistentShardsError';
}

/** What was given up of one shard, so that all of them fit together. */
export interface ShardCut {
  shard: number;
  /** Where its journal ends now. */
  sequence: number;
  messages: number;
  /** Everything that was taken away lies here. */
  keptIn: string;
  sentence: string;
}

/** Where a shard has to end. */
interface FoundCut {
  shard: number;
  /** The first that goes. */
  sequence: number;
  messages: number;
  /** For sentences: the message that was never sent. */
  what: string;
}

/**
 * A power failure under `batch` or `never` may take the end of one journal and leave another shard's, which has messages that
 * the first one now has never sent. Each such shard is cut back before the first of them; what it had sent since then is
 * gone with that, so its receivers may have to follow: open the shards again and ask again, until there is nothing to cut. Each
 * round cuts only what cannot stay, so the end is the latest state that fits together (by whole frames).
 *
 * Every start makes all journals durable before anything else, so only frames of the last run can be concerned. Older ones
 * mean that files were lost or restored, and are never cut without being asked.
 */
export function cutToConsistency(dataDir: string, ends: readonly ChannelEnds[]): ShardCut[] {
  // All are found before the first is cut: when one of them must not be, nothing is changed.
  const cuts = shardsTooFar(ends).map((shard) => findCut(dataDir, ends, shard));
  return cuts.map((cut) => cutShard(dataDir, cut));
}

/** Shards that have taken a message which its sender, as it is now, has not made. */
export function shardsTooFar(ends: readonly ChannelEnds[]): number[] {
  return ends.flatMap(({ taken }, shard) => {
    return taken.some((number, from) => number > sentBy(ends, from, shard)) ? [shard] : [];
  });
}

/** Of a recovered shard among others. */
export function channelEndsOf(routing: Routing): ChannelEnds {
  const shards = Array.from({ length: routing.shards }, (_, shard) => shard);
  return {
    sent: shards.map((shard) => routing.channelTo(shard).last),
    firstKept: shards.map((shard) => routing.channelTo(shard).firstKept),
    taken: shards.map((shard) => routing.channelFrom(shard).last),
  };
}

/** Shards that have forgotten messages which others need again, because those were cut back: an older snapshot has them. */
export function shardsThatForgot(ends: readonly ChannelEnds[]): number[] {
  return ends.flatMap(({ firstKept }, shard) => {
    const forgot = firstKept.some((first, to) => {
      return to !== shard && (ends[to]?.taken[shard] ?? 0) + 1 < first;
    });
    return forgot ? [shard] : [];
  });
}

function sentBy(ends: readonly ChannelEnds[], from: number, to: number): number {
  return ends[from]?.sent[to] ?? 0;
}

/** Throws InconsistentShardsError. */
function findCut(dataDir: string, ends: readonly ChannelEnds[], shard: number): FoundCut {
  const reader = new JournalReader(journalDirectory(dataDir, shard), shard);
  const taken: number[] = [];
  let found: { sequence: number; epoch: number; from: number; number: number } | null = null;
  let lastEpoch = 0;
  try {
    while (reader.next()) {
      const { frame } = reader;
      lastEpoch = frame.epoch;
      if (found !== null) continue;
      const message = firstUnsent(frame, taken, (from) => sentBy(ends, from, shard));
      if (message === null) continue;
      found = { sequence: frame.firstSequence, epoch: frame.epoch, ...message };
    }
  } finally {
    reader.close();
  }
  if (found === null) throw new InconsistentShardsError(`shard ${shard} ends beyond its journal`);
  const { sequence, from, number } = found;
  // A segment's name is on the disk before anything is in it.
  const isGone = listSequenced(journalDirectory(dataDir, from), 'journal').length === 0;
  const what = `shard ${shard} has message ${number} of shard ${from}, whose journal ends before it`;
  if (isGone || found.epoch < lastEpoch) {
    throw new InconsistentShardsError(
      `${what}, and no power failure can be the reason: files of shard ${from} are missing, or an old copy of them was ` +
        `restored. Nothing was changed. Restore shard ${from}, or give up what followed with ` +
        `"npm run journal -- repair --truncate-at ${shard}:${sequence}".`,
    );
  }
  return { shard, sequence, messages: reader.lastSequence - sequence + 1, what };
}

function cutShard(dataDir: string, { shard, sequence, messages, what }: FoundCut): ShardCut {
  const { keptIn } = repairJournal(dataDir, shard, sequence);
  const sentence =
    `${what}: after a power failure shard ${shard} was cut back to sequence ${sequence - 1}, ` +
    `${messages} messages were given up and lie in ${keptIn}`;
  return { shard, sequence: sequence - 1, messages, keptIn, sentence };
}

/** The first channel message of the frame that counts and was never sent. `taken` goes on from frame to frame. */
function firstUnsent(
  frame: Frame,
  taken: number[],
  sentUpTo: (from: number) => number,
): { from: number; number: number } | null {
  const { words, floats, length } = frame.messages;
  for (let slot = 0; slot < length; ) {
    const w = slot * SLOT_WORDS;
    const head = words[w + W_HEAD] as number;
    if (typeOf(head) === CMD_CHANNEL) {
      const from = words[w + W_FLAGS] as number;
      const number = floats[slot * SLOT_FLOATS + F_QTY] as number;
      // What comes twice or too early has no effect, here as in the shard.
      if (number === (taken[from] ?? 0) + 1) {
        taken[from] = number;
        if (number > sentUpTo(from)) return { from, number };
      }
    }
    slot += slotsOf(head);
  }
  return null;
}
