import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import type { StreamName } from '../bus.js';
import { BusConflictError } from '../errors.js';
import { type LimitsGiven, limitsOf, STREAM_NAMES } from '../streams.js';
import { listConsumers } from './reader-generations.js';

const STREAM_NOT_FOUND = 10_059;
const NANOSECONDS_PER_MS = 1_000_000;
const DUPLICATE_WINDOW_MS = 120_000;

/**
 * Makes the streams that are missing. What is there stays as it is, so that operators may change limits
 * and replicas by their own tools: limits are changed only when they are given, and what the bus relies
 * on is checked.
 *
 * @throws BusConflictError when a stream of that name is not what the bus needs
 */
export async function makeStreams(
  manager: JetStreamManager,
  given: LimitsGiven,
  replicas: number,
): Promise<void> {
  for (const stream of STREAM_NAMES) await makeStream(manager, stream, given, replicas);
}

async function makeStream(
  manager: JetStreamManager,
  stream: StreamName,
  given: LimitsGiven,
  replicas: number,
): Promise<void> {
  const { maxBytes, maxAgeMs, whenFull } = limitsOf(given)[stream];
  const subject = `${stream}.*`;
  const info = await infoOf(manager, stream);
  if (info === null) {
    await manager.streams.add({
      name: stream,
      subjects: [subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: whenFull === 'refuse' ? DiscardPolicy.New : DiscardPolicy.Old,
      max_bytes: maxBytes,
      max_age: (maxAgeMs ?? 0) * NANOSECONDS_PER_MS,
      duplicate_window: DUPLICATE_WINDOW_MS * NANOSECONDS_PER_MS,
      num_replicas: replicas,
    });
    return;
  }
  const { config } = info;
  const must = (holds: boolean, sentence: string) => {
    if (!holds) throw new BusConflictError(`stream ${stream} is there, but ${sentence}`);
  };
  must(config.subjects?.includes(subject) === true, `without the subject ${subject}`);
  must(config.retention === RetentionPolicy.Limits, `its retention is ${config.retention}`);
  must(config.storage === StorageType.File, `its storage is ${config.storage}`);
  const mayDrop = config.discard === DiscardPolicy.Old && config.max_bytes > 0;
  must(whenFull === 'dropOldest' || !mayDrop, 'it drops old messages when it is full');
  must(whenFull === 'dropOldest' || !config.max_age, 'it drops messages by age');
  if (given[stream]?.maxBytes !== undefined && config.max_bytes !== maxBytes) {
    await manager.streams.update(stream, { max_bytes: maxBytes });
  }
}

async function infoOf(manager: JetStreamManager, stream: StreamName) {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return null;
    throw error;
  }
}

/**
 * Removes what every durable reader has acknowledged when a stream is larger than it should be, except
 * the newest message of each subject.
 */
export async function trimStream(
  manager: JetStreamManager,
  connection: NatsConnection,
  stream: StreamName,
  trimAboveBytes: number,
): Promise<void> {
  const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
  if (state.bytes <= trimAboveBytes) return;
  let floor = Number.POSITIVE_INFINITY;
  for (const name of await listConsumers(connection, stream)) {
    const { ack_floor } = await manager.consumers.info(stream, name);
    floor = Math.min(floor, ack_floor.stream_seq);
  }
  if (!Number.isFinite(floor) || floor < state.first_seq) return;
  for (const [subject, count] of Object.entries(state.subjects ?? {})) {
    if (count < 2) continue;
    const newest = await manager.streams.getMessage(stream, { last_by_subj: subject });
    if (newest === null) continue;
    // Everything below this sequence goes.
    await manager.streams.purge(stream, {
      filter: subject,
      seq: Math.min(floor + 1, newest.seq),
    });
  }
}
