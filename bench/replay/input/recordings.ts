import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { looksLikeCapture } from '../binance/capture-line.js';
import { levelsOfColumns } from '../lobster/book-row.js';
import type { LobsterFiles } from '../lobster/lobster-replay.js';
import { MESSAGE_COLUMNS } from '../lobster/message-row.js';
import { ReplayError } from '../replay-error.js';
import { type ByteSource, fileSource, readBytes, zipEntrySource } from './byte-source.js';
import { LineReader } from './line-reader.js';
import { countColumns } from './number-row.js';
import { listZipEntries } from './zip-directory.js';

export interface LobsterRecording {
  readonly kind: 'lobster';
  readonly files: LobsterFiles;
}

export interface BinanceRecording {
  readonly kind: 'binance';
  readonly files: readonly ByteSource[];
}

export type Recording = LobsterRecording | BinanceRecording;

/** One input with the part that it plays in its recording. */
interface Part {
  readonly role: 'messages' | 'book' | 'capture';
  readonly source: ByteSource;
  /** What LOBSTER puts before `_message_` or `_orderbook_`, null when the name is not one of LOBSTER's. */
  readonly stem: string | null;
  readonly levels: number | null;
}

const LOBSTER_NAME = /^(.*)_(message|orderbook)_(\d+)\.csv(\.gz)?$/i;
const ZIP_MAGIC = 'PK';
const LEVELS_MAX = 1000;

/** Finds out what the files hold. LOBSTER files may come in any order; captures are one stream as given. */
export async function recogniseFiles(paths: readonly string[]): Promise<Recording> {
  if (paths.length === 0) throw new ReplayError('name at least one file to replay (see --help)');
  const parts: Part[] = [];
  for (const path of paths) parts.push(...(await listParts(findFile(path))));
  const captures = parts.filter(({ role }) => role === 'capture');
  if (captures.length === 0) return pairLobster(parts);
  const other = parts.find(({ role }) => role !== 'capture');
  if (other === undefined) return { kind: 'binance', files: captures.map(({ source }) => source) };
  const [capture] = captures as [Part];
  const problem = `is a LOBSTER file, but ${capture.source.name} is a Binance capture`;
  throw new ReplayError(`${other.source.name}: ${problem}: replay one recording at a time`);
}

/** npm runs scripts in the project's folder and says in INIT_CWD where it was called. */
export function findFile(path: string): string {
  const called = resolve(process.env.INIT_CWD ?? '.', path);
  const found = existsSync(path) ? resolve(path) : called;
  if (!existsSync(found)) throw new ReplayError(`${path}: there is no such file`);
  const stats = statSync(found);
  if (!stats.isFile()) throw new ReplayError(`${path}: is not a file`);
  if (stats.size === 0) throw new ReplayError(`${path}: is empty`);
  return found;
}

async function listParts(path: string): Promise<Part[]> {
  const magic = await readBytes(path, 0, ZIP_MAGIC.length);
  if (magic.toString('latin1') !== ZIP_MAGIC) return [await describe(await fileSource(path))];
  const parts: Part[] = [];
  for (const entry of await listZipEntries(path)) {
    // Archives carry read-me files beside the recording.
    const part = partByName(basename(entry.name), () => zipEntrySource(path, entry));
    if (part !== null) parts.push(part);
  }
  if (parts.length > 0) return parts;
  const expected = 'NAME_message_LEVELS.csv and NAME_orderbook_LEVELS.csv, as LOBSTER names them';
  throw new ReplayError(`${basename(path)}: the zip archive does not hold ${expected}`);
}

async function describe(source: ByteSource): Promise<Part> {
  return partByName(source.name, () => source) ?? (await partByContent(source));
}

function partByName(name: string, open: () => ByteSource): Part | null {
  const match = LOBSTER_NAME.exec(name);
  if (match === null) return null;
  const [, stem = '', kind = '', digits = ''] = match;
  const levels = Number(digits);
  if (levels < 1 || levels > LEVELS_MAX) {
    throw new ReplayError(`${name}: has ${digits} levels by its name, expected 1 to ${LEVELS_MAX}`);
  }
  const role = kind.toLowerCase() === 'message' ? 'messages' : 'book';
  return { role, source: open(), stem, levels };
}

async function partByContent(source: ByteSource): Promise<Part> {
  const reader = new LineReader(source);
  try {
    if (!(await reader.advance())) throw new ReplayError(`${source.name}: is empty`);
    const role = roleOf(reader);
    if (role !== null) return { role, source, stem: null, levels: null };
  } finally {
    await reader.close();
  }
  const expected = 'a LOBSTER message or order book file, its zip archive, or a Binance capture';
  throw new ReplayError(`${source.name}: is not ${expected}`);
}

function roleOf(reader: LineReader): Part['role'] | null {
  const text = reader.text();
  if (looksLikeCapture(text)) return 'capture';
  if (/\.(dat|jsonl?)(\.gz)?$/i.test(reader.file)) return 'capture';
  if (!/^[-\d.,]+$/.test(text)) return null;
  const columns = countColumns(reader);
  if (columns === MESSAGE_COLUMNS) return 'messages';
  return levelsOfColumns(columns) > 0 ? 'book' : null;
}

function pairLobster(parts: readonly Part[]): LobsterRecording {
  const messages = single(parts, 'messages', 'message');
  const book = single(parts, 'book', 'order book');
  if (messages === undefined) throw missing(book as Part, 'messages', '_message_');
  if (book === undefined) throw missing(messages, 'order books', '_orderbook_');
  const named = messages.stem !== null && book.stem !== null;
  if (named && (messages.stem !== book.stem || messages.levels !== book.levels)) {
    const problem = `and ${book.source.name} are not of the same recording`;
    throw new ReplayError(`${messages.source.name} ${problem}`);
  }
  const { levels } = book;
  return { kind: 'lobster', files: { messages: messages.source, book: book.source, levels } };
}

function single(parts: readonly Part[], role: Part['role'], name: string): Part | undefined {
  const [first, second] = parts.filter((part) => part.role === role);
  if (first === undefined || second === undefined) return first;
  const names = `${first.source.name} and ${second.source.name}`;
  throw new ReplayError(`${names} are both ${name} files: replay one recording at a time`);
}

function missing(given: Part, what: string, infix: string): ReplayError {
  const { source, stem, levels } = given;
  const name = stem === null ? `…${infix}….csv` : `${stem}${infix}${levels}.csv`;
  return new ReplayError(`${source.name}: its partner is missing: name the ${what}, ${name}, too`);
}
