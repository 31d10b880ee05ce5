import { readFileSync } from 'node:fs';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { LobsterVenue } from '../testing/lobster.fixture.js';
import {
  replayToJson,
  sharedRecording,
  temporaryFolder,
  withoutSpeed,
  writeFiles,
} from '../testing/recorded-files.js';

const NAME = 'TEST_2020-01-02_34200000_57600000';
const amazon = sharedRecording('l3', 'LOBSTER_SampleFile_AMZN_2012-06-21_5.zip');

function namesOf(levels: number): [messages: string, book: string] {
  return [`${NAME}_message_${levels}.csv`, `${NAME}_orderbook_${levels}.csv`];
}

describe('a generated recording', () => {
  const cases = [1, 2, 3, 5, 10, 30].flatMap((levels) =>
    [1, 2, 3].map((seed) => ({ levels, seed, depthCents: seed === 3 ? 4 : 40 })),
  );
  it.each(cases)(
    'of $levels levels, seed $seed: all levels but the last are equal in every row',
    async ({ levels, seed, depthCents }) => {
      const fixture = new LobsterVenue(seed * 100 + levels, levels, depthCents).record(3000, 60);
      const [messages, book] = namesOf(levels);
      const paths = writeFiles(temporaryFolder(), {
        [messages]: fixture.messages,
        [book]: fixture.book,
      });
      const report = await replayToJson(...paths);
      expect(report.rows).toBe(fixture.rows);
      const levelsEqual = report.levelsEqual as number[];
      expect(levelsEqual).toHaveLength(levels);
      expect(levelsEqual.slice(0, -1)).toEqual(new Array(levels - 1).fill(1));
      expect(report).toMatchObject({
        rowsEqual: Math.round((levelsEqual.at(-1) as number) * fixture.rows),
        executions: fixture.executions,
        executionsAtBest: fixture.executions,
        ordersRefused: 0,
        lotsMissing: 0,
      });
      expect(report.executionsAtQueueHead).toBe(report.executionsNamed);
    },
  );

  it('that shows all levels is equal in every row, and every announced execution is known', async () => {
    const fixture = new LobsterVenue(7, 40, 20).record(3000, 60);
    const [messages, book] = namesOf(40);
    const paths = writeFiles(temporaryFolder(), {
      [messages]: fixture.messages,
      [book]: fixture.book,
    });
    expect(await replayToJson(...paths)).toMatchObject({
      rowsEqual: fixture.rows,
      executionsNamed: fixture.executionsOfAnnounced,
      executionsAtQueueHead: fixture.executionsOfAnnounced,
      levelsTakenAnew: 0,
    });
  });

  it('gives the same result in any order of files, zipped, gzipped, with CRLF, and on every engine', async () => {
    const fixture = new LobsterVenue(11, 5, 40).record(1500, 60);
    const folder = temporaryFolder();
    const [messages, book] = namesOf(5);
    const files = { [messages]: fixture.messages, [book]: fixture.book };
    const [messagesPath = '', bookPath = ''] = writeFiles(folder, files);
    const zipped = zipSync({
      [`day/${book}`]: strToU8(fixture.book.replaceAll('\n', '\r\n')),
      'day/ReadMe.txt': strToU8('not a recording'),
      [`day/${messages}`]: [strToU8(fixture.messages), { level: 0 }],
    });
    const [zipPath = ''] = writeFiles(folder, { 'day.zip': zipped });
    const [plain = '', plainBook = ''] = writeFiles(folder, {
      'a.txt': fixture.messages,
      'b.txt': fixture.book.trimEnd(),
    });
    const expected = withoutSpeed(await replayToJson(messagesPath, bookPath));
    for (const args of [
      [bookPath, messagesPath],
      [zipPath],
      [plainBook, plain],
      [zipPath, '--engine', 'naive'],
    ]) {
      expect(withoutSpeed(await replayToJson(...args)), args.join(' ')).toEqual(expected);
    }
    // The core's state is more than the book's, everything else is the same.
    const { stateHash: _, ...rest } = expected;
    expect(await replayToJson(zipPath, '--engine', 'core')).toMatchObject(rest);
  });

  it('continues from a checkpoint with the same result', async () => {
    const fixture = new LobsterVenue(13, 5, 40).record(2500, 60);
    const folder = temporaryFolder();
    const [messages, book] = namesOf(5);
    const paths = writeFiles(folder, { [messages]: fixture.messages, [book]: fixture.book });
    const whole = withoutSpeed(await replayToJson(...paths));
    const resumable = [...paths, '--checkpoint', `${folder}/checkpoint`];
    for (const limit of [1, 2, 500, 501, 900]) {
      const part = await replayToJson(...resumable, '--limit', String(limit));
      expect(part.rows).toBe(limit);
    }
    expect(withoutSpeed(await replayToJson(...resumable))).toEqual(whole);
  });
});

describe('the AMZN sample', () => {
  const expected = {
    rows: 155_935,
    rowsEqual: 155_935 - 12_051,
    levelRowsDifferent: [0, 0, 0, 0, 12_051],
    executions: 8974,
    executionsAtBest: 8974,
    executionsNamed: 7307,
    executionsAtQueueHead: 7298,
    ordersRefused: 0,
    lotsMissing: 0,
  };

  it.skipIf(amazon === null)('replays with levels 1 to 4 equal in every row', async () => {
    expect(await replayToJson(amazon as string)).toMatchObject(expected);
  });

  it.skipIf(amazon === null)(
    'ends in the same state when it is interrupted on the way',
    async () => {
      const checkpoint = `${temporaryFolder()}/checkpoint`;
      const args = [amazon as string, '--checkpoint', checkpoint];
      await replayToJson(...args, '--limit', '77777');
      const resumed = await replayToJson(...args);
      expect(withoutSpeed(resumed)).toEqual(withoutSpeed(await replayToJson(amazon as string)));
    },
  );

  it.skipIf(amazon === null)(
    'cut down to fewer levels, still has all but the last equal',
    async () => {
      const entries = Object.entries(unzipSync(readFileSync(amazon as string)));
      const text = (part: string) => {
        const [, bytes] = entries.find(([name]) => name.includes(part)) as [string, Uint8Array];
        return Buffer.from(bytes).toString('latin1').trimEnd().split(/\r?\n/);
      };
      const { messages, book } = cutDown(text('_message_'), text('_orderbook_'), 3);
      const [messageName, bookName] = namesOf(3);
      const paths = writeFiles(temporaryFolder(), { [messageName]: messages, [bookName]: book });
      const report = await replayToJson(...paths);
      expect((report.levelsEqual as number[]).slice(0, 2)).toEqual([1, 1]);
    },
  );
});

/** The file that LOBSTER would have given for fewer levels: only the messages that change what it shows. */
function cutDown(
  messages: string[],
  rows: string[],
  levels: number,
): { messages: string; book: string } {
  const kept: { message: string; row: string }[] = [];
  rows.forEach((row, index) => {
    const cut = row
      .split(',')
      .slice(0, levels * 4)
      .join(',');
    const message = messages[index] as string;
    const isBookEvent = Number(message.split(',')[1]) <= 4;
    if (isBookEvent && kept.at(-1)?.row === cut) return;
    kept.push({ message, row: cut });
  });
  return {
    messages: kept.map(({ message }) => message).join('\n'),
    book: kept.map(({ row }) => row).join('\n'),
  };
}
