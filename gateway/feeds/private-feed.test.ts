import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { RequestHarness } from '../testing/request-harness.js';
import type { Collected } from './feed-walk.js';

const NOTHING: Collected = {
  block: { words: new Int32Array(0), floats: new Float64Array(0) },
  starts: [],
};

it('follows once, and answers each subscription, when one that waits for its past is given up and made again', async () => {
  const harness = new RequestHarness();
  const waiting: ((found: Collected) => void)[] = [];
  harness.log.after = () => new Promise((resolve) => waiting.push(resolve));
  const subscribe = { op: 'subscribe', channel: 'private', epoch: 1, sequence: 0 };
  harness.json(JSON.stringify({ ...subscribe, id: 1 }));
  harness.json(JSON.stringify({ op: 'unsubscribe', id: 2, channel: 'private' }));
  harness.json(JSON.stringify({ ...subscribe, id: 3 }));
  expect(waiting).toHaveLength(2);
  harness.sent = [];
  for (const resolve of waiting) resolve(NOTHING);
  await nextTurn();
  expect(harness.sent).toMatchObject([
    { type: 'error', id: 1, code: 'not_subscribed' },
    { type: 'done', id: 3, data: { channel: 'private', resumed: true } },
  ]);
  expect(harness.followersOf(1)).toBe(1);
});
