import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardianSets } from '../pyth/guardian-sets.js';
import { UpdateVerifier } from '../pyth/update-verifier.js';
import { answerOf, HermesServer } from '../testing/hermes-server.js';
import { Recorder } from '../testing/source-listener.js';
import { TestGuardians } from '../testing/test-guardians.js';
import { buildUpdate, type UpdateChange } from '../testing/update-builder.js';
import { hermesUrl } from './hermes-connection.js';
import { HermesSource, type HermesSourceOptions } from './hermes-source.js';

const FEED = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
const OTHER = 'ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace';
const NOW_MS = 1_790_000_000_000;
const guardians = new TestGuardians(1, 4);
const running: HermesSource[] = [];
let server: HermesServer;
let heard: Recorder;

/** The price is its second. */
function update(second: number, slot = 0n, change: UpdateChange = {}, feedId = FEED): Buffer {
  const publishTimeMs = NOW_MS + second * 1000;
  return buildUpdate(guardians, [{ feedId, price: BigInt(second), publishTimeMs }], {
    slot,
    ...change,
  });
}

function start(change: Partial<HermesSourceOptions> = {}): HermesSource {
  const source = new HermesSource({
    name: 'hermes-1',
    url: server.url,
    feeds: [FEED],
    verifier: new UpdateVerifier(new GuardianSets(guardians.history)),
    connectWithinMs: 20_000,
    silenceMaxMs: 20_000,
    backOff: { firstMs: 2, mostMs: 10 },
    aheadMaxMs: 0,
    nowMs: () => NOW_MS,
    random: () => 0,
    ...change,
  });
  running.push(source);
  source.start(heard);
  return source;
}

async function listening(): Promise<void> {
  await expect.poll(() => server.openStreams).toBeGreaterThan(0);
}

beforeEach(async () => {
  server = await HermesServer.start();
  heard = new Recorder();
});

afterEach(async () => {
  for (const source of running.splice(0)) await source.stop();
  await server.stop();
});

describe('a source of Hermes', () => {
  it('asks for its feeds, and has the newest price before the stream has said anything', async () => {
    server.latest = update(1);
    const source = start({ url: `${server.url}/` });
    await expect.poll(() => heard.prices).toEqual([1n]);
    expect(source.latest(FEED)).toMatchObject({ exponent: -8, publishTimeMs: NOW_MS + 1000 });
    expect(source.health()).toEqual({ state: 'live', problem: null });
    await listening();
    expect(server.streamQueries[0]?.getAll('ids[]')).toEqual([FEED]);
    expect(server.streamQueries[0]?.get('encoding')).toBe('base64');
  });

  it('goes forward only: repeats and what comes late are counted, slots order one second', async () => {
    const source = start();
    await listening();
    server.send(update(1, 10n));
    server.send(update(1, 10n));
    server.send(update(3, 30n));
    server.send(update(2, 20n));
    server.send(update(3, 29n));
    server.send(update(3, 31n));
    server.send(update(4, 5n));
    await expect.poll(() => heard.prices).toEqual([1n, 3n, 3n, 4n]);
    expect(heard.notNewer).toEqual(['repeat', 'older', 'older']);
    expect(source.latest(FEED)?.mantissa).toBe(4n);
    expect(source.latest(OTHER)).toBeNull();
  });

  it('believes what is signed, not what the server says that it means', async () => {
    start();
    await listening();
    server.send(update(1), [{ id: FEED, price: { price: '999', expo: -8 } }]);
    await expect.poll(() => heard.prices).toEqual([1n]);
  });

  it('uses nothing of updates that are not to be believed, and goes on', async () => {
    start();
    await listening();
    const stranger = new TestGuardians(1, 4, 'stranger');
    server.send(update(1));
    server.send(buildUpdate(stranger, [{ feedId: FEED, price: 9n, publishTimeMs: NOW_MS + 9000 }]));
    server.send(update(5, 0n, { signers: [0, 1] }));
    server.send(update(6, 0n, { signers: [0, 1, 1] }));
    server.send(update(2));
    server.send(update(7, 0n, { guardianSet: 0 }));
    server.send(update(8, 0n, { emitterChain: 1 }));
    server.send(update(9, 0n, {}, OTHER));
    server.sendText('data: no JSON\n\n');
    server.send(update(3));
    await expect.poll(() => heard.prices).toEqual([1n, 2n, 3n]);
    expect(heard.refused).toEqual([
      'signature_is_wrong',
      'too_few_signatures',
      'signatures_are_not_ascending',
      'guardian_set_is_unknown',
      'emitter_chain_is_foreign',
      'feed_is_foreign',
      'answer_is_malformed',
    ]);
    expect(heard.states).toEqual(['live']);
  });

  it('does not let a price from the future shut out the present', async () => {
    start({ aheadMaxMs: 5_000 });
    await listening();
    server.send(update(6));
    server.send(update(5));
    await expect.poll(() => heard.prices).toEqual([5n]);
    expect(heard.refused).toEqual(['publish_time_is_beyond_limit']);
  });

  it('leaves a server alone that keeps sending forgeries, and comes back', async () => {
    const source = start();
    await listening();
    server.send(update(1));
    for (let i = 0; i < 5; i++) server.send(update(10 + i, 0n, { signers: [0] }));
    await expect.poll(() => heard.states).toEqual(['live', 'down']);
    expect(source.latest(FEED)?.mantissa).toBe(1n);
    await expect.poll(() => server.streamQueries.length).toBe(2);
    await listening();
    server.send(update(2));
    await expect.poll(() => heard.prices).toEqual([1n, 2n]);
    expect(source.health().state).toBe('live');
  });

  it.each([
    ['ends the stream', () => server.endStreams()],
    ['cuts the connection', () => server.cut()],
    [
      'cuts it in the middle of a line',
      () => {
        const text = `data:${answerOf(update(50))}\n\n`;
        server.sendText(text.slice(0, text.length / 2));
        setImmediate(() => server.cut());
      },
    ],
    ['sends a line without an end', () => server.sendText('x'.repeat(2 * 1024 * 1024))],
  ])('reconnects when the server %s', async (_name, fail) => {
    const source = start();
    await listening();
    server.send(update(1));
    await expect.poll(() => heard.prices).toEqual([1n]);
    fail();
    await expect.poll(() => server.streamQueries.length).toBe(2);
    expect(heard.states).toEqual(['live', 'down']);
    expect(source.latest(FEED)?.mantissa).toBe(1n);
    await listening();
    await expect
      .poll(() => {
        server.send(update(2));
        return heard.prices;
      })
      .toEqual([1n, 2n]);
  });

  it.each([
    ['refuse', /Non-200 status code \(500\)/],
    ['wrong type', /content type/],
  ] as const)('calls again when the answer is of mode "%s"', async (mode, problem) => {
    server.mode = mode;
    const source = start();
    await expect.poll(() => server.streamQueries.length).toBeGreaterThan(3);
    expect(source.health()).toMatchObject({ state: 'down' });
    expect(source.health().problem).toMatch(problem);
    server.mode = 'serve';
    await listening();
    server.send(update(1));
    await expect.poll(() => heard.prices).toEqual([1n]);
  });

  it('calls again when no answer comes, and when a stream falls silent', async () => {
    server.mode = 'hang';
    start({ connectWithinMs: 150, silenceMaxMs: 500 });
    await expect.poll(() => server.streamQueries.length).toBeGreaterThan(2);
    expect(heard.healths.at(-1)?.problem).toBe('it has not answered within 150 ms');
    server.mode = 'serve';
    await listening();
    // It sends, but nothing that is new.
    await expect
      .poll(() => {
        server.sendText(':still here\n\n');
        return heard.states.includes('silent');
      })
      .toBe(true);
    await expect
      .poll(() => {
        server.send(update(1));
        return heard.prices;
      })
      .toEqual([1n]);
  });

  it('does not come back at once to a server that is asked too often', async () => {
    server.mode = 'too many';
    start();
    await expect.poll(() => heard.states).toEqual(['down']);
    // Another source has called its server many times in the meantime.
    const other = await HermesServer.start();
    other.mode = 'refuse';
    start({ url: other.url });
    await expect.poll(() => other.streamQueries.length).toBeGreaterThan(10);
    expect(server.streamQueries).toHaveLength(1);
    await other.stop();
  });

  it('survives whatever a server sends', async () => {
    start();
    await listening();
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.base64String().map((data) => `{"binary":{"encoding":"base64","data":["${data}"]}}`),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => {
        return answerOf(Buffer.concat([update(9).subarray(0, 60), bytes]));
      }),
    );
    const texts = fc.sample(line, { numRuns: 200, seed: 6 });
    for (const text of texts) {
      server.sendText(`data:${text.replaceAll(/[\r\n]/g, ' ')}\n\n`);
      if (heard.refused.length % 4 === 3) await listening();
    }
    await expect.poll(() => heard.refused.length).toBeGreaterThan(0);
    await expect
      .poll(() => {
        server.send(update(1));
        return heard.prices;
      })
      .toEqual([1n]);
  });

  it('says nothing and calls nobody when it is stopped', async () => {
    const source = start();
    await listening();
    await source.stop();
    await expect.poll(() => server.openStreams).toBe(0);
    expect(source.health().state).toBe('stopped');
    expect(heard.states).toEqual(['stopped']);
    expect(server.streamQueries).toHaveLength(1);
  });

  it('puts the paths of Hermes behind the one of a provider', () => {
    const url = hermesUrl('https://example.org/key/hermes/', 'latest', ['aa', 'bb']);
    expect(String(url)).toBe(
      'https://example.org/key/hermes/v2/updates/price/latest?ids%5B%5D=aa&ids%5B%5D=bb&encoding=base64&parsed=false',
    );
  });
});
