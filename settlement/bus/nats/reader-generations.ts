import {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  ReplayPolicy,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { StreamName } from '../bus.js';
import { BusConflictError } from '../errors.js';

/** Longer than any session needs: what was lost on the way is noticed by other means, see `nats-source.ts`. */
const ACK_WAIT_MS = 300_000;
const NANOSECONDS_PER_MS = 1_000_000;
const REQUEST_MS = 1_500;
const CONSUMER_NOT_FOUND = 10_014;

/** One session's consumer on the server. */
export interface Generation {
  readonly name: string;
  readonly number: number;
  /** All messages up to here are done. */
  readonly floor: number;
  /** Messages up to here were handed out by earlier sessions, `resets` times. */
  readonly deliveredBefore: number;
  readonly resets: number;
}

/** A durable reader's session that wants its next generation. */
export interface Reader {
  readonly manager: JetStreamManager;
  readonly connection: NatsConnection;
  readonly stream: StreamName;
  readonly durable: string;
  readonly maxUnacknowledged: number;
  /** A name that no other session has. */
  readonly session: string;
  /** Where it stands with its present one; null: it has none yet. */
  readonly standing: { readonly number: number; readonly floor: number } | null;
}

const DELIVERED_BEFORE = 'plimsoll-delivered-before';
const RESETS = 'plimsoll-resets';
const SESSION = 'plimsoll-session';

/**
 * Begins a session of a durable reader: makes a consumer `DURABLE_N` behind what is acknowledged, and
 * removes the one before.
 *
 * A consumer that a crashed session left behind would first hand out what is new, and what that session
 * had not acknowledged only when its time is over: out of order. A new one begins at the right place at
 * once, and the old session, should it still live, is cut off. It is made before the old one is
 * removed, so that the position is never nowhere.
 *
 * @throws BusConflictError when another session has taken over from this one
 */
export async function openGeneration(reader: Reader): Promise<Generation> {
  const { manager, stream, session, standing } = reader;
  const all = await generationsOf(reader);
  const newest = all.at(-1);
  if (standing !== null && newest !== undefined && newest.number > standing.number) {
    // One of its own, when the answer to an earlier attempt was lost.
    const isOwn = newest.info.config.metadata?.[SESSION] === session;
    if (!isOwn) {
      throw new BusConflictError(`another session reads ${stream} as ${reader.durable}`);
    }
  }
  const next = nextOf(reader, newest);
  await manager.consumers.add(stream, {
    durable_name: next.name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * NANOSECONDS_PER_MS,
    max_ack_pending: reader.maxUnacknowledged,
    max_deliver: -1,
    replay_policy: ReplayPolicy.Instant,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: next.floor + 1,
    metadata: {
      [DELIVERED_BEFORE]: String(next.deliveredBefore),
      [RESETS]: String(next.resets),
      // When two sessions make the same generation at once, only one succeeds.
      [SESSION]: session,
    },
  });
  for (const old of all) await manager.consumers.delete(stream, old.info.name).catch(() => false);
  return next;
}

interface Found {
  readonly number: number;
  readonly info: ConsumerInfo;
}

/** All that there are of a durable reader, oldest first; normally one. */
async function generationsOf({ manager, connection, stream, durable }: Reader): Promise<Found[]> {
  const all: Found[] = [];
  for (const name of await listConsumers(connection, stream)) {
    // A durable's own name has no underscore.
    const [owner, number] = name.split('_');
    if (owner !== durable || number === undefined) continue;
    const info = await infoOf(manager, stream, name);
    if (info !== null) all.push({ number: Number(number), info });
  }
  return all.sort((a, b) => a.number - b.number);
}

/** Null: it was removed meanwhile. */
async function infoOf(
  manager: JetStreamManager,
  stream: StreamName,
  name: string,
): Promise<ConsumerInfo | null> {
  try {
    return await manager.consumers.info(stream, name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === CONSUMER_NOT_FOUND) return null;
    throw error;
  }
}

/**
 * Names of all consumers of a stream. The client's own list of them leaves out those that have no leader
 * at the moment, without a word; a position that is overlooked would be lost.
 *
 * @throws Error when the server does not tell
 */
export async function listConsumers(
  connection: NatsConnection,
  stream: StreamName,
): Promise<string[]> {
  const names: string[] = [];
  for (;;) {
    const request = JSON.stringify({ offset: names.length });
    const subject = `$JS.API.CONSUMER.NAMES.${stream}`;
    const answer = await connection.request(subject, request, { timeout: REQUEST_MS });
    const page = answer.json<{ total?: number; consumers?: string[]; error?: object }>();
    if (page.error !== undefined || page.total === undefined) {
      throw new Error(`asking for the readers of ${stream}: ${JSON.stringify(page.error)}`);
    }
    const found = page.consumers ?? [];
    names.push(...found);
    if (found.length === 0 || names.length >= page.total) return names;
  }
}

function nextOf({ durable, standing }: Reader, newest: Found | undefined): Generation {
  const number = Math.max(newest?.number ?? 0, standing?.number ?? 0) + 1;
  const name = `${durable}_${number}`;
  const floorThere = newest?.info.ack_floor.stream_seq ?? 0;
  // A consumer that has acknowledged nothing yet says 0, and began where it began.
  const began = (newest?.info.config.opt_start_seq ?? 1) - 1;
  const floor = Math.max(floorThere, began, standing?.floor ?? 0);
  const metadata = newest?.info.config.metadata ?? {};
  const before = Number(metadata[DELIVERED_BEFORE] ?? 0);
  const resetsBefore = floor < before ? Number(metadata[RESETS] ?? 0) : 0;
  const deliveredBefore = Math.max(before, newest?.info.delivered.stream_seq ?? 0);
  const resets = deliveredBefore > floor ? resetsBefore + 1 : 0;
  return { name, number, floor, deliveredBefore, resets };
}
