import { crc32 } from '@node-rs/crc32';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeFiles } from '../testing/recorded-files.js';
import { zipEntrySource } from './byte-source.js';
import { listZipEntries } from './zip-directory.js';

const SEE_64 = 0xffffffff;

describe('a zip archive', () => {
  it.each([
    [
      'with comment',
      (bytes: Uint8Array) => withComment(bytes, 'PK\x05\x06 is in the comment, too'),
    ],
    ['without', (bytes: Uint8Array) => bytes],
  ])('is read entry by entry, %s', async (_name, change) => {
    const files = { 'folder/a.csv': strToU8('1,2\n'.repeat(10_000)), 'b.csv': strToU8('') };
    const archive = change(zipSync({ folder: {}, ...files }));
    const [path = ''] = writeFiles(temporaryFolder(), { 'x.zip': archive });
    expect(await readAll(path)).toEqual({ 'folder/a.csv': '1,2\n'.repeat(10_000), 'b.csv': '' });
  });

  it('may be of the form for more than 4 GB', async () => {
    const [path = ''] = writeFiles(temporaryFolder(), { 'x.zip': zip64('a.csv', '1,2,3\n') });
    expect(await readAll(path)).toEqual({ 'a.csv': '1,2,3\n' });
  });

  it('that is encrypted or packed in another way is refused by name', async () => {
    const archive = zipSync({ 'a.csv': strToU8('1') });
    const at = Buffer.from(archive).indexOf('PK\x01\x02', 'latin1');
    const encrypted = archive.slice();
    encrypted[at + 8] = 1;
    const foreign = archive.slice();
    foreign[at + 10] = 93;
    const folder = temporaryFolder();
    const [one = '', two = ''] = writeFiles(folder, { '1.zip': encrypted, '2.zip': foreign });
    await expect(readAll(one)).rejects.toThrow('1.zip/a.csv: is encrypted');
    await expect(readAll(two)).rejects.toThrow('2.zip/a.csv: is packed with method 93');
  });
});

async function readAll(path: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const entry of await listZipEntries(path)) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of zipEntrySource(path, entry).chunks()) chunks.push(chunk);
    texts[entry.name] = Buffer.concat(chunks).toString();
  }
  return texts;
}

function withComment(archive: Uint8Array, comment: string): Uint8Array {
  const bytes = Buffer.concat([archive, Buffer.from(comment, 'latin1')]);
  bytes.writeUInt16LE(comment.length, archive.length - 2);
  return bytes;
}

/** All sizes and offsets stand in ZIP64 records, as in an archive that needs them. */
function zip64(name: string, text: string): Buffer {
  const data = Buffer.from(text);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  extra.writeBigUInt64LE(BigInt(data.length), 4);
  extra.writeBigUInt64LE(BigInt(data.length), 12);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt32LE(crc32(data), 16);
  for (const at of [20, 24, 42]) header.writeUInt32LE(SEE_64, at);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  const before = Buffer.concat([local, Buffer.from(name), data]);
  const directory = Buffer.concat([header, Buffer.from(name), extra]);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50, 0);
  end64.writeBigUInt64LE(1n, 32);
  end64.writeBigUInt64LE(BigInt(directory.length), 40);
  end64.writeBigUInt64LE(BigInt(before.length), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(before.length + directory.length), 8);
  const end = Buffer.alloc(22, 0xff);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(0, 20);
  return Buffer.concat([before, directory, end64, locator, end]);
}
