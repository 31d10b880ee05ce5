import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CaptureVenue } from '../testing/capture.fixture.js';
import {
  failureOf,
  replayToJson,
  sharedRecording,
  temporaryFolder,
  withoutSpeed,
  writeFiles,
} from '../testing/recorded-files.js';

const first = sharedRecording('perp', 'btcusdt_20230404.dat.gz');
const second = sharedRecording('perp', 'btcusdt_20230405.dat.gz');
const engines = ['fast', 'naive', 'core'];

describe('a generated capture', () => {
  it.each([1, 2, 3, 4])('seed %i: best prices and sizes are equal in every row', async (seed) => {
    const fixture = new CaptureVenue(seed).record(400);
    const files = { 'capture.dat': `${fixture.lines.join('\n')}\n` };
    const [path = ''] = writeFiles(temporaryFolder(), files);
    for (const engine of engines) {
      const report = await replayToJson(path, '--engine', engine);
      expect(report, engine).toMatchObject({
        rows: fixture.depthUpdates,
        rowsEqual: fixture.depthUpdates,
        levelsEqual: [1],
        depthUpdatesBeforeSnapshot: 2,
        depthUpdatesLinked: fixture.depthUpdates - 1,
        crossedRows: 0,
        ordersRefused: 0,
        tickSize: '0.1',
        trades: fixture.trades,
        tradedQuantity: (fixture.tradedLots / 1000).toFixed(3),
        tradeIdGaps: 0,
      });
      expect(report.executions).toBeGreaterThan(20);
      expect(report.tradesOffBook).toBeGreaterThan(0);
    }
  });

  it('in several files, gzipped or not, is one stream', async () => {
    const { lines } = new CaptureVenue(5).record(200);
    const folder = temporaryFolder();
    const middle = Math.floor(lines.length / 2);
    const [whole = '', head = '', tail = ''] = writeFiles(folder, {
      'whole.dat': lines.join('\n'),
      'head.dat': `${lines.slice(0, middle).join('\n')}\n`,
      'tail.dat.gz': gzipSync(`${lines.slice(middle).join('\n')}\n`),
    });
    const parts = await replayToJson(head, tail, '--engine', 'fast');
    expect(withoutSpeed(parts)).toEqual(
      withoutSpeed(await replayToJson(whole, '--engine', 'fast')),
    );
    expect(await failureOf(tail, head)).toContain('updates are missing');
  });

  it.each(engines)('continues from a checkpoint with the same result on %s', async (engine) => {
    const { lines } = new CaptureVenue(6).record(200);
    const folder = temporaryFolder();
    const [path = ''] = writeFiles(folder, { 'capture.dat': lines.join('\n') });
    const whole = await replayToJson(path, '--engine', engine);
    const args = [path, '--engine', engine, '--checkpoint', `${folder}/checkpoint`];
    for (const limit of [40, 41, 300, 500]) await replayToJson(...args, '--limit', String(limit));
    expect(withoutSpeed(await replayToJson(...args))).toEqual(withoutSpeed(whole));
  });

  it('takes a trade beyond the mirrored liquidity as far as it goes and counts the rest', async () => {
    const { lines } = new CaptureVenue(8).record(30);
    const trade = { e: 'trade', s: 'BTCUSDT', t: 1, p: '40000.00', q: '900000.000', X: 'MARKET' };
    const last = lines.at(-1)?.split(' ')[0];
    const sweep = `${last} ${JSON.stringify({ data: { ...trade, m: false } })}`;
    const path = writeFiles(temporaryFolder(), { 'a.dat': [...lines, sweep].join('\n') });
    const before = writeFiles(temporaryFolder(), { 'a.dat': lines.join('\n') });
    const [with_, without] = [
      await replayToJson(...path, '--engine', 'fast'),
      await replayToJson(...before, '--engine', 'fast'),
    ];
    expect(with_.tradesBeyondLiquidity).toBe((without.tradesBeyondLiquidity as number) + 1);
    expect(Number(with_.quantityBeyondLiquidity)).toBeGreaterThan(890_000);
    expect(with_.tradeIdGaps).toBe((without.tradeIdGaps as number) + 1);
  });
});

describe('the BTCUSDT capture', () => {
  const expected = {
    rows: 16_110,
    rowsEqual: 16_110,
    levelsEqual: [1],
    crossedRows: 0,
    depthUpdatesLinked: 16_109,
    bookTickers: 44_205,
    trades: 12_935,
    tradedQuantity: '1189.086',
    tradeIdGaps: 0,
    tradesOffBook: 1,
    ordersRefused: 0,
  };
  const isHere = first !== null && second !== null;

  it.skipIf(!isHere)(
    'has equal best prices and sizes in every row, on the whole core',
    async () => {
      expect(await replayToJson(first as string, second as string)).toMatchObject(expected);
    },
  );

  it.skipIf(!isHere)('has the same on the book alone, and after an interruption', async () => {
    const checkpoint = `${temporaryFolder()}/checkpoint`;
    const args = [first as string, second as string, '--engine', 'fast'];
    await replayToJson(...args, '--checkpoint', checkpoint, '--limit', '20000');
    const report = await replayToJson(...args, '--checkpoint', checkpoint);
    expect(report).toMatchObject(expected);
  });
});
