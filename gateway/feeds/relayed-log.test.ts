import { describe, expect, it } from 'vitest';
import {
  EF_ACCOUNT_SEQUENCE,
  headOf,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_BALANCE } from '../../engine/messages/types.js';
import type { HomeDesk } from '../shared/home-desk.js';
import { recordAccountSequence } from './feed-record.js';
import type { Collected } from './feed-walk.js';
import { PrivateLog } from './private-log.js';
import { blockOf, RelayedLog } from './relayed-log.js';

const EPOCH = 3;
const ACCOUNT = 9;

/** The thread that has everything, and one that begins when the account has had five events. */
function twoLogs() {
  const whole = new PrivateLog();
  let asked = 0;
  const travels = (found: Collected | null) => {
    asked++;
    if (found === null) return null;
    // As through postMessage.
    const { words, starts } = structuredClone({ words: found.block.words, starts: found.starts });
    return blockOf(words, starts);
  };
  const desk = {
    eventsAfter: async (_shard: number, account: number, epoch: number, sequence: number) => {
      return travels(await whole.after(account, epoch, sequence));
    },
    recentEvents: async (_shard: number, account: number, most: number) => {
      return travels(await whole.recent(account, most));
    },
  } as unknown as HomeDesk;
  for (let sequence = 1; sequence <= 5; sequence++) append(whole, sequence);
  const relayed = new RelayedLog(0, desk);
  relayed.begin(ACCOUNT, 5);
  return { whole, relayed, asked: () => asked };
}

function append(log: PrivateLog | RelayedLog, sequence: number, account = ACCOUNT): void {
  const words = new Int32Array(2 * SLOT_WORDS);
  const floats = new Float64Array(words.buffer);
  words[W_HEAD] = headOf(EVT_BALANCE, 2, 0);
  words[W_ACCOUNT] = account;
  floats[EF_ACCOUNT_SEQUENCE] = sequence;
  log.append(words, floats, 0, EPOCH, 1_000 + sequence);
}

async function numbers(found: Collected | null | Promise<Collected | null>) {
  const collected = await found;
  return collected?.starts.map((at) => recordAccountSequence(collected.block, at)) ?? null;
}

describe('the log of private events of a thread that began later', () => {
  it('has what came since, and fetches what was before', async () => {
    const { whole, relayed, asked } = twoLogs();
    expect(relayed.lastOf(ACCOUNT)).toBe(5);
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 2))).toEqual([3, 4, 5]);
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 5))).toEqual([]);
    for (let sequence = 6; sequence <= 8; sequence++) {
      append(whole, sequence);
      append(relayed, sequence);
    }
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 0))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const before = asked();
    // All of it is here.
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 6))).toEqual([7, 8]);
    expect(asked()).toBe(before);
  });

  it('gives nothing that this thread has not seen, though the other one has', async () => {
    const { whole, relayed } = twoLogs();
    append(whole, 6);
    append(whole, 7);
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 3))).toEqual([4, 5]);
    expect(await numbers(relayed.recent(ACCOUNT, 3))).toEqual([5]);
    expect(relayed.after(ACCOUNT, EPOCH, 6)).toBeNull();
  });

  it('adds its own when the other thread is behind', async () => {
    const { relayed } = twoLogs();
    append(relayed, 6);
    append(relayed, 7);
    expect(await numbers(relayed.recent(ACCOUNT, 4))).toEqual([2, 3, 4, 5, 6, 7]);
    // Whoever resumes gets what there is, and then asks again from there.
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 3))).toEqual([4, 5]);
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 6))).toEqual([7]);
  });

  it('knows no epoch that is not true', async () => {
    const { relayed } = twoLogs();
    expect(await numbers(relayed.after(ACCOUNT, EPOCH - 1, 3))).toBeNull();
    expect(await numbers(relayed.after(ACCOUNT, EPOCH, 9))).toBeNull();
  });

  it('is all there is of an account that began later itself', async () => {
    const { relayed, asked } = twoLogs();
    append(relayed, 1, 20);
    append(relayed, 2, 20);
    expect(await numbers(relayed.after(20, 0, 0))).toEqual([1, 2]);
    expect(await numbers(relayed.recent(20, 10))).toEqual([1, 2]);
    expect(asked()).toBe(0);
  });
});
