import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { createWakeMemory, onWakeCall, WakeCall } from './wake-call.js';

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

function setUp() {
  const channel = new MessageChannel();
  channels.push(channel);
  const memory = createWakeMemory();
  const came: number[] = [];
  const news = { count: 0 };
  onWakeCall(memory, channel.port1, () => {
    came.push(news.count);
  });
  return { call: new WakeCall(memory, channel.port2), came, news, heard: channel.port1 };
}

describe('a wake call', () => {
  it('brings the thread once for all calls before it comes, and again for each after', async () => {
    const { call, came, news, heard } = setUp();
    for (news.count = 1; news.count < 5; news.count++) call.call();
    await once(heard, 'message');
    expect(came).toEqual([5]);
    news.count = 6;
    call.call();
    await once(heard, 'message');
    expect(came).toEqual([5, 6]);
  });

  it('is heard also when it comes while the thread looks', async () => {
    const { call, came, news, heard } = setUp();
    heard.once('message', () => {
      news.count = 2;
      call.call();
    });
    news.count = 1;
    call.call();
    await once(heard, 'message');
    await once(heard, 'message');
    expect(came).toEqual([1, 2]);
  });
});
