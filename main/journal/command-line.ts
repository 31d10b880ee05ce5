import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { listShards } from '../../engine/runtime/journal/directories.js';
import type { Shard } from '../../engine/shard/shard.js';

export const HELP = `Usage: npm run journal -- COMMAND --data DIR [options]

Commands
  verify   checks every segment and every snapshot; fails when anything is damaged
  dump     prints one line for each journaled message
  hash     recovers (newest snapshot, then the journal) and prints sequence and stateHash
  replay   applies the journal from sequence 1 without snapshots, prints sequence and stateHash
  archive  moves segments that no start needs any more to --to DIR, and leaves links to them
  repair   gives up every message from --truncate-at on; what is cut is kept in shard-N/cut-off

All commands may run beside a running exchange but repair, and all but archive and repair only read:
a torn tail is reported and not cut.

Options
  --data DIR             the data directory of the exchange
  --until SEQ            the last sequence to look at; SHARD:SEQ with several shards (repeatable)
  --from SEQ             dump: the first sequence to print; SHARD:SEQ with several shards
  --shard N              only this shard
  --to DIR               archive: a folder on another disk; it has to stay where it is
  --truncate-at SEQ      repair: the first sequence to give up; SHARD:SEQ with several shards
  --json                 one JSON document on standard output (dump: one per message)
  --help                 this text
`;

export type CreateShard = (shardId: number) => Shard;
/** What kind of shard it is depends on the folder: one with everything in it, or one of several. */
export type CreateShardIn = (shardId: number, dataDir: string) => Shard;

/** Where a command writes: results and everything else. */
export interface Output {
  out(text: string): void;
  note(text: string): void;
}

/** A mistake in the arguments; its message is all that the user needs. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandLine {
  command: string;
  dataDir: string;
  shards: number[];
  json: boolean;
  until: ReadonlyMap<number, number>;
  from: ReadonlyMap<number, number>;
  truncateAt: ReadonlyMap<number, number>;
  /** Null: not given. */
  archiveDir: string | null;
}

const COMMANDS = ['verify', 'dump', 'hash', 'replay', 'archive', 'repair'];

/** Null when the help is asked for. */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const { values, positionals } = parseOrExplain(args);
  if (values.help) return null;
  const [command, ...rest] = positionals;
  if (command === undefined || !COMMANDS.includes(command)) {
    throw new UsageError(`the command must be one of ${COMMANDS.join(', ')}`);
  }
  if (rest.length > 0) throw new UsageError(`'${rest[0]}' is one argument too many`);
  if (values.data === undefined) throw new UsageError('--data DIR is missing');
  const all = shardsIn(values.data);
  const shards = values.shard === undefined ? all : [numberOf('--shard', values.shard)];
  for (const shard of shards) {
    if (!all.includes(shard)) throw new UsageError(`${values.data} has no shard ${shard}`);
  }
  const sequences = (name: string, given: string[] | undefined) =>
    new Map((given ?? []).map((text) => sequenceOf(name, text, shards)));
  return {
    command,
    dataDir: values.data,
    shards,
    json: values.json ?? false,
    until: sequences('--until', values.until),
    from: sequences('--from', values.from),
    truncateAt: sequences('--truncate-at', values['truncate-at']),
    archiveDir: values.to ?? null,
  };
}

function parseOrExplain(args: readonly string[]) {
  const many = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        until: many,
        from: many,
        shard: { type: 'string' },
        'truncate-at': many,
        to: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function shardsIn(dataDir: string): number[] {
  if (!fs.existsSync(dataDir)) throw new UsageError(`there is no directory ${dataDir}`);
  const shards = listShards(dataDir);
  if (shards.length === 0) throw new UsageError(`${dataDir} has no folder shard-0`);
  return shards;
}

function sequenceOf(name: string, text: string, shards: readonly number[]): [number, number] {
  const [left, right] = text.split(':', 2);
  if (right !== undefined) return [numberOf(name, left), numberOf(name, right)];
  if (shards.length > 1) throw new UsageError(`${name} needs SHARD:SEQ, there are several shards`);
  return [shards[0], numberOf(name, left)];
}

function numberOf(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new UsageError(`${name} takes a number, not '${text}'`);
  return value;
}
