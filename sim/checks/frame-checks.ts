import { assert } from '../../engine/assert.js';
import { R_POSITION } from '../../engine/kernel/layout.js';
import { sumOfPositions } from '../../engine/market/positions-canonical.js';
import {
  EF_LOTS,
  EW_CODE,
  EW_REQUEST,
  EW_SESSION,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { rejectName } from '../../engine/messages/reject-codes.js';
import {
  CMD_MASS_CANCEL,
  CMD_TIMER,
  EVT_BALANCE,
  EVT_DUPLICATE,
  EVT_FRAME,
  EVT_REJECTED,
} from '../../engine/messages/types.js';
import type { Frame } from '../../engine/shard/frame.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import { isolatedCollateral, isPositionLiquidating } from '../../risk/margin/isolated-margin.js';
import { homeOf } from '../spread/union-state.js';
import { chainOf } from './history.js';

/** A full check of books and positions costs more than a frame; every so many frames it is made. */
const FULL_CHECK_EVERY = 16;

/** What must hold after every frame of a live shard. */
export class FrameChecks {
  private readonly shard: ShardCore;
  private readonly writer = new CanonicalWriter();
  private state: number;
  private frames = 0;

  constructor(shard: ShardCore) {
    this.shard = shard;
    this.state = this.stateSum();
  }

  check(frame: Frame, firstSlot: number): void {
    const { shard } = this;
    const before = this.state;
    this.state = this.stateSum();
    // Of several shards another one may answer, and money balances only over all of them.
    if (shard.routing === null) {
      checkAnswers(frame, shard, firstSlot);
      // Time alone moves averages of prices, which nobody is told of.
      if (!runsTimers(frame) && changesNothing(shard.events, firstSlot)) {
        assert(this.state === before, 'a frame of rejections must not change the state hash');
      }
      const difference = shard.moneyDifferenceMicroUsd();
      assert(difference === 0n, `money must balance, but differs by ${difference} micro-USD`);
    }
    for (const { marketId, positions, liquidations } of shard.markets) {
      const sum = sumOfPositions(positions);
      assert(sum === 0, `the positions of market ${marketId} must add up to zero, not to ${sum}`);
      for (const { id, account, lots } of liquidations.auctions.all) {
        const size = Math.abs(positions.positionOf(account));
        assert(
          lots <= size,
          `auction ${id} of market ${marketId} must not sell ${lots} of ${size}`,
        );
      }
    }
    checkClosedPositions(shard);
    if (this.frames++ % FULL_CHECK_EVERY === 0) shard.check();
  }

  /** Not the SHA-256, which would cost more; equal bytes have equal sums. */
  private stateSum(): number {
    this.writer.reset();
    this.shard.writeTradingState(this.writer);
    const bytes = this.writer.bytes();
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    return chainOf(0, words, 0, words.length);
  }
}

/** What an isolated position has left when it is closed is its account's, unless the ladder still deals with it. */
function checkClosedPositions(shard: ShardCore): void {
  const { state } = homeOf(shard);
  for (const market of state.markets.all) {
    market.rows.forEach((account) => {
      const left = isolatedCollateral(state, market, account) ?? 0;
      if (left <= 0 || market.rows.get(account, R_POSITION) !== 0) return;
      const where = `account ${account} in market ${market.marketId}`;
      const isLiquidating = isPositionLiquidating(state, market, account);
      assert(isLiquidating, `the closed position of ${where} must not keep ${left} micro-USD`);
    });
  }
}

/** Each command is answered exactly once, and every rejection has a known code. */
function checkAnswers(frame: Frame, shard: ShardCore, firstSlot: number): void {
  const answers = new Map<string, number>();
  const { words } = shard.events;
  for (let slot = firstSlot; slot < shard.events.length; ) {
    const w = slot * SLOT_WORDS;
    const head = words[w + W_HEAD] as number;
    if (typeOf(head) !== EVT_FRAME && words[w + EW_SESSION] !== 0) {
      const request = `${words[w + EW_SESSION]} ${words[w + EW_REQUEST]}`;
      answers.set(request, (answers.get(request) ?? 0) + 1);
    }
    if (typeOf(head) === EVT_REJECTED) {
      const name = rejectName(words[w + EW_CODE] as number);
      assert(!name.startsWith('unknown_code'), `a rejection has the code ${name}`);
    }
    slot += slotsOf(head);
  }
  forEachMessage(frame, (head, session, request) => {
    if (session === 0) return;
    const isForAll = typeOf(head) === CMD_MASS_CANCEL && marketOf(head) === MARKET_ID_ALL;
    const count = answers.get(`${session} ${request}`) ?? 0;
    // Every market that was listed at that moment answers for itself.
    const sound = count === 1 || (isForAll && count <= shard.markets.length);
    assert(sound, `request ${request} of type ${typeOf(head)} was answered ${count} times`);
  });
}

function forEachMessage(
  frame: Frame,
  visit: (head: number, session: number, request: number) => void,
): void {
  const { words } = frame.messages;
  for (let slot = 0; slot < frame.messages.length; ) {
    const w = slot * SLOT_WORDS;
    const head = words[w + W_HEAD] as number;
    visit(head, words[w + W_SESSION] as number, words[w + W_REQUEST] as number);
    slot += slotsOf(head);
  }
}

function runsTimers(frame: Frame): boolean {
  let found = false;
  forEachMessage(frame, (head) => {
    found ||= typeOf(head) === CMD_TIMER;
  });
  return found;
}

/** Whether the events say that nothing happened but answers. */
function changesNothing(events: MessageBuffer, firstSlot: number): boolean {
  for (let slot = firstSlot; slot < events.length; ) {
    const head = events.words[slot * SLOT_WORDS + W_HEAD] as number;
    const type = typeOf(head);
    const change = events.floats[slot * SLOT_FLOATS + EF_LOTS] as number;
    const isRepeatedCash = type === EVT_BALANCE && change === 0;
    const isAnswer = type === EVT_REJECTED || type === EVT_DUPLICATE || isRepeatedCash;
    if (!isAnswer && type !== EVT_FRAME) return false;
    slot += slotsOf(head);
  }
  return true;
}
