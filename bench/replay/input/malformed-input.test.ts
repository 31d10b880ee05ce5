import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { CaptureVenue } from '../testing/capture.fixture.js';
import { LobsterVenue } from '../testing/lobster.fixture.js';
import { failureOf, replayToJson, temporaryFolder, writeFiles } from '../testing/recorded-files.js';

const MESSAGES = 'X_2020-01-02_1_2_message_2.csv';
const BOOK = 'X_2020-01-02_1_2_orderbook_2.csv';

const fixture = new LobsterVenue(1, 2, 40).record(60, 40);
const messageLines = fixture.messages.trimEnd().split('\n');
const bookLines = fixture.book.trimEnd().split('\n');
const captureLines = new CaptureVenue(1).record(12).lines;
const snapshotLine = captureLines.findIndex((line) => line.includes('lastUpdateId'));
const depthLine = captureLines.findIndex(
  (line, i) => i > snapshotLine + 20 && line.includes('"U"'),
);

function changed(lines: string[], line: number, text: string): string {
  return lines.map((old, index) => (index === line - 1 ? text : old)).join('\n');
}

function field(line: string | undefined, column: number, value: string): string {
  const fields = (line ?? '').split(',');
  fields[column] = value;
  return fields.join(',');
}

/** The third row of a file with one field changed. */
function message(column: number, value: string): string {
  return changed(messageLines, 3, field(messageLines[2], column, value));
}

function book(column: number, value: string): string {
  return changed(bookLines, 3, field(bookLines[2], column, value));
}

async function failWith(messages: string, books: string): Promise<string> {
  return failureOf(...writeFiles(temporaryFolder(), { [MESSAGES]: messages, [BOOK]: books }));
}

describe('a broken LOBSTER row is named with file, line, field, value and what was expected', () => {
  it.each([
    ['type', message(1, '9'), `${MESSAGES}:3: field 'type' is '9', expected a type from 1 to 7`],
    ['letters', message(3, 'ten'), `${MESSAGES}:3: field 'size' is 'ten', expected an integer`],
    ['fraction', message(3, '1.5'), `${MESSAGES}:3: field 'size' is '1.5', expected an integer`],
    ['huge', message(2, '9'.repeat(16)), "field 'order id' is '9999999999999999', expected"],
    ['empty', message(4, ''), `${MESSAGES}:3: field 'price' is '', expected an integer`],
    ['NaN', message(0, 'NaN'), `${MESSAGES}:3: field 'time' is 'NaN', expected a decimal number`],
    ['earlier', message(0, '34199.0'), "field 'time' is '34199.0', expected seconds"],
    ['tomorrow', message(0, '86401'), "field 'time' is '86401', expected seconds"],
    ['wide', changed(messageLines, 3, '1,2,3,4,5,6,7'), ':3: the row has 7 columns, expected 6'],
    ['blank', changed(messageLines, 3, ''), `${MESSAGES}:3: the row has 1 columns, expected 6`],
    ['short', messageLines.slice(0, 5).join('\n'), `${MESSAGES}:5: ends here, but ${BOOK} goes on`],
  ])('messages: %s', async (_name, messages, expected) => {
    expect(await failWith(messages, fixture.book)).toContain(expected);
  });

  const resting = messageLines.findIndex((line, index) => index > 0 && line.includes(',1,'));
  it.each([
    [3, '0', "field 'size' is '0', expected a size from 1"],
    [2, '0', "field 'order id' is '0', expected a positive order id"],
    [2, '-4', "field 'order id' is '-4', expected a positive order id"],
    [4, '0', "field 'price' is '0', expected a positive price"],
    [4, '2147483648', "field 'price' is '2147483648', expected a price up to 2147483647"],
    [5, '0', "field 'direction' is '0', expected 1 or -1"],
  ])('messages: column %i of an order is %s', async (column, value, expected) => {
    const line = field(messageLines[resting], column, value).replace(/,[1-4],/, ',1,');
    const messages = changed(messageLines, resting + 1, line);
    expect(await failWith(messages, fixture.book)).toContain(
      `${MESSAGES}:${resting + 1}: ${expected}`,
    );
  });

  it.each([
    ['letters', book(0, 'x'), `${BOOK}:3: field 'ask price 1' is 'x', expected an integer`],
    [
      'negative',
      book(0, '-5'),
      `${BOOK}:3: field 'ask price 1' is '-5', expected a positive price`,
    ],
    [
      'order',
      book(6, '9999999'),
      `${BOOK}:3: field 'bid price 2' is '9999999', expected a positive`,
    ],
    ['no size', book(3, '0'), `${BOOK}:3: field 'bid size 1' is '0', expected a size from 1`],
    ['narrow', changed(bookLines, 3, '1,2,3'), `${BOOK}:3: the row has 3 columns, expected 8`],
    ['levels', changed(bookLines, 1, '1,2,3,4'), ':1: the row has 4 columns, expected 8 for the 2'],
    ['short', bookLines.slice(0, 5).join('\n'), `${BOOK}:5: ends here, but ${MESSAGES} goes on`],
  ])('order book: %s', async (_name, books, expected) => {
    expect(await failWith(fixture.messages, books)).toContain(expected);
  });
});

describe('files that are no recording', () => {
  const zip = (files: Record<string, string>) =>
    zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
  const whole = zip({ [MESSAGES]: fixture.messages, [BOOK]: fixture.book });
  const flipped = whole.slice();
  flipped[200] = (flipped[200] as number) ^ 0xff;
  const gzipped = gzipSync(fixture.messages);

  it.each<[string, Record<string, string | Uint8Array>, string]>([
    ['messages alone', { [MESSAGES]: fixture.messages }, `its partner is missing: name the order`],
    ['order book alone', { [BOOK]: fixture.book }, `the messages, ${MESSAGES}, too`],
    ['two of a kind', { [MESSAGES]: '1', [`Y${MESSAGES}`]: '1' }, 'are both message files'],
    ['of two days', { [MESSAGES]: '1', [`Y${BOOK}`]: '1' }, 'are not of the same recording'],
    ['empty file', { [MESSAGES]: '', [BOOK]: fixture.book }, `${MESSAGES}: is empty`],
    ['empty gzip', { 'a.dat.gz': gzipSync('') }, 'a.dat.gz: is empty'],
    ['prose', { 'a.txt': 'hello' }, 'a.txt: is not a LOBSTER message or order book file'],
    ['binary', { 'a.bin': new Uint8Array([0, 1, 2, 3, 255]) }, 'a.bin: is not a LOBSTER'],
    ['zip of others', { 'a.zip': zip({ 'a.txt': 'x' }) }, 'a.zip: the zip archive does not hold'],
    ['zip of half', { 'a.zip': zip({ [BOOK]: fixture.book }) }, 'its partner is missing'],
    ['zip cut short', { 'a.zip': whole.subarray(0, 300) }, 'a.zip: the zip archive is broken'],
    ['zip with a flipped byte', { 'a.zip': flipped }, 'the zip archive is broken'],
    [
      'gzip cut short',
      { [`${MESSAGES}.gz`]: gzipped.subarray(0, gzipped.length - 20), [BOOK]: fixture.book },
      'the gzip file is broken or cut short',
    ],
    [
      'both kinds',
      { [MESSAGES]: fixture.messages, 'a.dat': captureLines.join('\n') },
      'replay one recording at a time',
    ],
  ])('%s', async (_name, files, expected) => {
    expect(await failureOf(...writeFiles(temporaryFolder(), files))).toContain(expected);
  });

  it('a file that is not there, or is a folder', async () => {
    expect(await failureOf('no-such-file')).toBe('no-such-file: there is no such file');
    const folder = temporaryFolder();
    expect(await failureOf(folder)).toBe(`${folder}: is not a file`);
  });
});

describe('a broken line of a capture', () => {
  const edited = (line: number, from: string | RegExp, to: string) =>
    changed(captureLines, line + 1, (captureLines[line] as string).replace(from, to));
  const trade = captureLines.findIndex((line) => line.includes('"trade"'));
  const depth = depthLine + 1;

  it.each([
    ['no time', edited(depthLine, /^\d+ /, ''), `a.dat:${depth}: field 'line' is '{`],
    [
      'cut short',
      edited(depthLine, /.{20}$/, ''),
      `a.dat:${depth}: the JSON after the local time is`,
    ],
    [
      'a gap',
      edited(depthLine, /"pu":\d+/, '"pu":7'),
      `a.dat:${depth}: field 'pu' is '7', expected`,
    ],
    [
      'ids',
      edited(depthLine, /"u":\d+/, '"u":"7"'),
      `:${depth}: field 'u' is '"7"', expected an int`,
    ],
    [
      'turned',
      edited(depthLine, /"u":\d+/, '"u":7'),
      `:${depth}: field 'u' is '7', expected at least`,
    ],
    [
      'no levels',
      edited(depthLine, /"b":/, '"bb":'),
      `:${depth}: field 'b' is 'missing', expected`,
    ],
    ['levels', edited(depthLine, /"b":\[/, '"b":[["1"],'), 'expected a list of levels'],
    [
      'off tick',
      edited(trade, /"p":"[\d.]+"/, '"p":"1.05"'),
      "field 'p' is '1.05', expected a price",
    ],
    ['off lot', edited(trade, /"q":"[\d.]+"/, '"q":"0.0001"'), "field 'q' is '0.0001', expected a"],
    [
      'no size',
      edited(trade, /"q":"[\d.]+"/, '"q":"0.000"'),
      "field 'q' is '0.000', expected a size",
    ],
    ['symbol', edited(trade, 'BTCUSDT', 'ETHUSDT'), "field 's' is 'ETHUSDT', expected 'BTCUSDT'"],
    [
      'no data',
      edited(trade, '"data"', '"date"'),
      "field 'JSON' is 'stream, date', expected a 'data'",
    ],
    ['data', edited(trade, /"data":.*/, '"data":1}'), "field 'data' is '1', expected an object"],
    ['side', edited(trade, /"m":\w+/, '"m":0'), "field 'm' is '0', expected true or false"],
    [
      'no bids',
      edited(snapshotLine, /"bids":.*"asks"/, '"bids":[],"asks"'),
      "field 'bids' is '[]'",
    ],
    [
      'late snapshot',
      edited(snapshotLine, /"lastUpdateId":\d+/, '"lastUpdateId":7').replaceAll(/x/g, ''),
      "field 'U' is '",
    ],
    ['no snapshot', captureLines.slice(0, snapshotLine).join('\n'), 'no depth snapshot came'],
  ])('%s', async (_name, text, expected) => {
    const paths = writeFiles(temporaryFolder(), { 'a.dat': text });
    expect(await failureOf(...paths, '--engine', 'fast')).toContain(expected);
  });

  it('is fine with a stream that it does not know', async () => {
    const other = `${captureLines.at(-1)?.split(' ')[0]} {"data":{"e":"kline","s":"BTCUSDT"}}`;
    const text = [...captureLines, other].join('\n');
    const paths = writeFiles(temporaryFolder(), { 'a.dat': text });
    expect(await replayToJson(...paths, '--engine', 'fast')).toMatchObject({ otherMessages: 1 });
  });
});

describe('the command line', () => {
  it.each([
    [['--engine', 'quick'], "--engine is 'quick', expected fast, naive, core"],
    [['--limit', '0'], "--limit is '0', expected an integer of at least 1"],
    [['--checkpoint-every', 'often'], "--checkpoint-every is 'often'"],
    [['--tick=-1'], "--tick is '-1'"],
    [['--tick=0.00'], "--tick is '0.00', expected a positive decimal"],
    [['--fast'], '--fast'],
    [[], 'name at least one file'],
  ])('%j is refused', async (args, expected) => {
    await expect(replayToJson(...args)).rejects.toThrow(expected);
  });

  it.each([
    ['another recording', (bytes: Buffer) => bytes, 'it belongs to'],
    ['a flipped byte', flip, 'its CRC-32 does not agree'],
    ['prose', () => Buffer.from('hello, I am not a checkpoint'), 'it is not a checkpoint'],
    ['nothing', () => Buffer.alloc(0), 'it is not a checkpoint'],
  ])('refuses a checkpoint with %s', async (name, change, expected) => {
    const folder = temporaryFolder();
    const paths = writeFiles(folder, { [MESSAGES]: fixture.messages, [BOOK]: fixture.book });
    const checkpoint = `${folder}/checkpoint`;
    await replayToJson(...paths, '--checkpoint', checkpoint, '--limit', '9');
    const { readFileSync, writeFileSync } = await import('node:fs');
    writeFileSync(checkpoint, change(readFileSync(checkpoint)));
    const args = name === 'another recording' ? ['--engine', 'naive'] : [];
    const problem = await failureOf(...paths, '--checkpoint', checkpoint, ...args);
    expect(problem).toContain(expected);
    expect(problem).toContain('remove it to begin anew');
  });
});

function flip(bytes: Buffer): Buffer {
  const at = bytes.length - 5;
  bytes[at] = (bytes[at] as number) ^ 1;
  return bytes;
}
