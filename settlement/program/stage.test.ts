import { beforeEach, describe, expect, test } from 'vitest';
import { decodeStage } from './accounts.js';
import { stageAddress } from './addresses.js';
import { batchHash } from './batch-codec.js';
import {
  abortStage,
  type BatchPlace,
  beginStage,
  closeStage,
  commitStage,
  openStage,
  writeStage,
} from './batch-instructions.js';
import { CHUNK_BYTES, STAGE_CAPACITY_MAX, STAGE_HEADER_BYTES } from './sizes.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { TestExchange } from './testing/test-exchange.js';

const PRICE = 10_000;
const ACCOUNTS = Array.from({ length: 260 }, (_, index) => index + 1);

const world = new TestExchange();
world.addUsers(...ACCOUNTS);
const place = { exchange: world.exchange, operator: world.operator.publicKey, index: 0 };
const send = (...instructions: ReturnType<typeof openStage>) =>
  world.chain.send(instructions, [world.operator], 1_400_000);
send(...openStage({ ...place, capacityBytes: STAGE_CAPACITY_MAX }));

/** A batch over all accounts, longer than two chunks. */
function longBatch(): BatchPlace & { hash: Uint8Array; index: number } {
  const engine = new NaiveEngine();
  for (const accountId of ACCOUNTS.slice(1)) {
    engine.trade(0, accountId, accountId - 1, BigInt(100 * accountId), PRICE, [300n, 100n]);
  }
  const batch = world.nextBatch(engine.takeSections());
  const hash = batchHash(batch.previousHash, batch.sequence, batch.bytes);
  return { ...batch, hash, index: 0 };
}

const begin = (batch: BatchPlace & { hash: Uint8Array }, length = batch.bytes.length) =>
  beginStage({ ...place, sequence: batch.sequence, length, hash: batch.hash });
const writes = (batch: BatchPlace) =>
  writeStage({ ...place, sequence: batch.sequence, bytes: batch.bytes });
const stage = () => decodeStage(world.chain.read(stageAddress(world.exchange, 0)));

beforeEach(() => {
  world.setPrice(0, PRICE);
});

describe('a staged batch', () => {
  test('is written in any order, again where in doubt, and settled at once', () => {
    const batch = longBatch();
    expect(batch.bytes.length).toBeGreaterThan(2 * CHUNK_BYTES);
    send(begin(batch));
    const [first, ...others] = writes(batch);
    for (const write of others.reverse()) send(write);
    send(begin(batch));
    send(others[0]!);
    expect(() => send(commitStage(batch))).toThrow('stageState');
    send(first!);
    const before = world.row(1);
    const sent = send(commitStage(batch));
    expect(sent.events).toMatchObject([
      { kind: 'batchSettled', sequence: batch.sequence, hash: batch.hash },
    ]);
    expect(world.row(1)).not.toEqual(before);
    expect(stage()).toMatchObject({ isFilling: false, written: [], length: 0 });
    world.checkMoney();

    const after = world.digest();
    expect(send(commitStage(batch)).events).toEqual([]);
    expect(world.digest()).toBe(after);
  });

  test('leaves the same as in one piece', () => {
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, -50n, PRICE);
    const sections = engine.takeSections();
    const batch = { ...world.nextBatch(sections), index: 0 };
    const hash = batchHash(batch.previousHash, batch.sequence, batch.bytes);
    const twin = new TestExchange();
    send(begin({ ...batch, hash }), ...writes(batch), commitStage({ ...batch, hash }));
    expect(world.state().lastHash).toEqual(hash);
    twin.addUsers(1, 2);
    twin.setPrice(0, PRICE);
    twin.settle(sections);
    expect(twin.row(1).collateralMicroUsd).toBe(-3n);
    expect(twin.row(2).collateralMicroUsd).toBe(-1n);
  });

  test('with another content than its hash says is refused', () => {
    const batch = longBatch();
    send(begin(batch));
    const changed = Uint8Array.from(batch.bytes);
    changed[3]! ^= 1;
    changed[11]! ^= 1;
    for (const write of writes({ ...batch, bytes: changed })) send(write);
    const before = world.digest();
    expect(() => send(commitStage(batch))).toThrow();
    expect(world.digest()).toBe(before);
    // The honest bytes over it, and all is well.
    for (const write of writes(batch)) send(write);
    send(commitStage(batch));
  });

  test('under the last number with another hash halts the exchange', () => {
    const { chain } = world;
    const snapshot = chain.read(world.exchange);
    const batch = longBatch();
    const last = { ...batch, sequence: world.state().lastSequence };
    expect(send(commitStage(last)).events).toMatchObject([{ kind: 'statusChanged', status: 2 }]);
    chain.write(
      world.exchange,
      place.exchange.equals(world.exchange) ? begin(batch).programId : world.mint,
      snapshot,
    );
  });
});

describe('a stage', () => {
  test('refuses writes that do not belong: another batch, beyond the end, of another length', () => {
    const batch = longBatch();
    send(begin(batch));
    const late = writeStage({ ...place, sequence: batch.sequence - 1n, bytes: batch.bytes })[0]!;
    expect(() => send(late)).toThrow('stageState');
    const [full, , last] = writes({ ...batch, bytes: batch.bytes.slice(0, 2 * CHUNK_BYTES + 10) });
    expect(() => send(last!)).toThrow('stageMismatch');
    const beyond = writes({ ...batch, bytes: new Uint8Array(10 * CHUNK_BYTES) })[9]!;
    expect(() => send(beyond)).toThrow('stageMismatch');
    send(full!);
    send(abortStage(place));
  });

  test('holds one batch at a time, unless that can never be settled any more', () => {
    const batch = longBatch();
    send(begin(batch));
    const other = { ...batch, hash: new Uint8Array(32).fill(7) };
    expect(() => send(begin(other))).toThrow('stageState');
    expect(() => send(commitStage(other))).toThrow('stageState');
    expect(() => send(closeStage(place))).toThrow('stageState');
    for (const write of writes(batch)) send(write);
    expect(() => send(commitStage(other))).toThrow('stageMismatch');
    expect(() => send(commitStage({ ...batch, sequence: batch.sequence + 1n }))).toThrow(
      'stageMismatch',
    );
    // Another way has settled that number: the stage is free for the next one.
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 50n, PRICE);
    world.settle(engine.takeSections());
    expect(() => send(commitStage(batch))).not.toThrow();
    expect(world.state().status).toBe('halted');
  });
});

describe('the stage’s account', () => {
  const fresh = new TestExchange();
  const { chain, exchange, operator, coSigner, founder } = fresh;
  const of = { exchange, operator: operator.publicKey, index: 3 };

  test('is the operator’s alone', () => {
    const wrong = { ...of, operator: coSigner.publicKey };
    expect(() => chain.send(openStage({ ...wrong, capacityBytes: 900 }), [coSigner])).toThrow(
      'wrongOperator',
    );
    chain.send(openStage({ ...of, capacityBytes: 900 }), [operator]);
    const admin = { ...of, operator: founder.publicKey };
    const bytes = new Uint8Array(10);
    const hash = new Uint8Array(32);
    for (const instruction of [
      beginStage({ ...admin, sequence: 1n, length: 10, hash }),
      writeStage({ ...admin, sequence: 1n, bytes })[0]!,
      abortStage(admin),
      closeStage(admin),
    ]) {
      expect(() => chain.send([instruction], [founder])).toThrow('wrongOperator');
    }
  });

  test('holds what it has room for, and gives its rent back', () => {
    const hash = new Uint8Array(32);
    const longer = beginStage({ ...of, sequence: 1n, length: 901, hash });
    expect(() => chain.send([longer], [operator])).toThrow('stageState');
    expect(() => openStage({ ...of, capacityBytes: STAGE_CAPACITY_MAX + 1 })).toThrow(
      'capacityBytes must be',
    );
    expect(chain.read(stageAddress(exchange, 3)).length).toBe(STAGE_HEADER_BYTES + 900);
    chain.send([closeStage(of)], [operator]);
    expect(chain.exists(stageAddress(exchange, 3))).toBe(false);
  });
});
