import type { EventMessages } from '../codec/event-messages.js';
import { problem } from '../commands/problem.js';
import { CLOSE } from '../protocol/close-codes.js';
import type { Backlogs } from '../session/backlogs.js';
import type { Connection } from '../session/connection.js';
import { reply, replyDone, replyError } from '../session/replies.js';
import type { AccountViews } from './account-views.js';
import { HEAD_WORDS, RF_EPOCH, RF_TIME, recordAccountSequence } from './feed-record.js';
import type { Collected } from './feed-walk.js';
import type { PrivateEvents } from './private-events.js';
import type { PrivateSnapshots } from './private-snapshot.js';

export const PRIVATE_CHANNEL = 'private';

/** What a client names when it comes back: the last event it saw. */
export interface LastSeen {
  epoch: number;
  sequence: number;
}

/** What a subscription begins with counts as requests: so many events that were missed, or orders of a snapshot, are one. */
const EVENTS_A_TOKEN = 50;
const ORDERS_A_TOKEN = 10;
/** Records that one turn of a resume sends before it looks at the socket again. */
const RECORDS_PER_TURN = 32;

/**
 * The private feed: live events to whoever follows an account, and the way there, by resume or snapshot. A connection
 * becomes live in the same turn in which it has got everything before, so nothing can fall between.
 */
export class PrivateFeed {
  private readonly live = new Map<number, Connection[]>();
  private readonly logOf: (account: number) => PrivateEvents;
  private readonly views: AccountViews;
  private readonly snapshots: PrivateSnapshots;
  private readonly messages: EventMessages;
  private readonly backlogs: Backlogs;

  /** `logOf` gives the log that has the account's events. */
  constructor(
    logOf: (account: number) => PrivateEvents,
    views: AccountViews,
    snapshots: PrivateSnapshots,
    messages: EventMessages,
    backlogs: Backlogs,
  ) {
    this.logOf = logOf;
    this.views = views;
    this.snapshots = snapshots;
    this.messages = messages;
    this.backlogs = backlogs;
  }

  followers(account: number): readonly Connection[] | undefined {
    return this.live.get(account);
  }

  /** What a subscription of the account costs beyond its request. */
  tokensFor(account: number, seen: LastSeen | null): number {
    const missed = seen === null ? -1 : this.logOf(account).lastOf(account) - seen.sequence;
    if (missed >= 0) return Math.floor(missed / EVENTS_A_TOKEN);
    return Math.floor(this.snapshots.ordersOf(account) / ORDERS_A_TOKEN);
  }

  /** Answers the subscription and begins the feed. `epoch` is the present one. */
  subscribe(connection: Connection, id: number, seen: LastSeen | null, epoch: number): void {
    connection.isPrivate = true;
    const turn = ++connection.privateTurn;
    if (seen === null) {
      this.snapshot(connection, id, epoch);
      return;
    }
    const collected = this.missed(connection.account, seen);
    if (collected instanceof Promise) {
      void collected.then((found) => {
        if (connection.closed) return;
        if (connection.privateTurn === turn) this.begin(connection, id, found, seen, epoch);
        else
          replyError(
            connection,
            id,
            problem('not_subscribed', 'it was given up again before it began'),
          );
      });
    } else this.begin(connection, id, collected, seen, epoch);
  }

  /** Answer to `positions`. */
  positionsOf(account: number): object {
    return this.snapshots.positionsOf(account);
  }

  unsubscribe(connection: Connection): void {
    connection.isPrivate = false;
    connection.privateTurn++;
    connection.onDrain = null;
    const followers = this.live.get(connection.account);
    if (followers === undefined) return;
    const others = followers.filter((other) => other !== connection);
    if (others.length === 0) this.live.delete(connection.account);
    else this.live.set(connection.account, others);
  }

  private begin(
    connection: Connection,
    id: number,
    collected: Collected | null,
    seen: LastSeen,
    epoch: number,
  ): void {
    if (collected === null) {
      this.snapshot(connection, id, epoch);
      return;
    }
    const data = { channel: PRIVATE_CHANNEL, resumed: true };
    connection.socket.cork(() => replyDone(connection, id, 'subscribe', data));
    this.pump(connection, collected, 0, seen);
  }

  private missed(account: number, seen: LastSeen) {
    // The log may have lost its end with the host; then only the folded state knows the truth.
    const log = this.logOf(account);
    if (log.lastOf(account) !== this.views.sequenceOf(account)) return null;
    return log.after(account, seen.epoch, seen.sequence);
  }

  private snapshot(connection: Connection, id: number, epoch: number): void {
    const data = { channel: PRIVATE_CHANNEL, resumed: false };
    connection.socket.cork(() => {
      replyDone(connection, id, 'subscribe', data);
      this.snapshots.write(connection.account, epoch, (write) => reply(connection, write));
    });
    if (!connection.closed) this.follow(connection);
  }

  /** Sends records as long as the socket takes them, then whatever came in the meantime, then goes live. */
  private pump(connection: Connection, found: Collected, from: number, seen: LastSeen): void {
    let next = from;
    const last = found.starts.length;
    while (next < last) {
      if (connection.closed) return;
      if (connection.waitingBytes > this.backlogs.bytesMax / 2) {
        connection.onDrain = () => this.pump(connection, found, next, seen);
        return;
      }
      const end = Math.min(last, next + RECORDS_PER_TURN);
      connection.socket.cork(() => this.sendRecords(connection, found, next, end));
      next = end;
    }
    if (connection.closed) return;
    connection.onDrain = null;
    const now = last === 0 ? seen : lastOf(found);
    if (this.logOf(connection.account).lastOf(connection.account) === now.sequence) {
      this.follow(connection);
      return;
    }
    const more = this.missed(connection.account, now);
    if (more instanceof Promise) {
      const turn = connection.privateTurn;
      void more.then((later) => {
        if (connection.privateTurn === turn) this.goOn(connection, later, now);
      });
    } else this.goOn(connection, more, now);
  }

  private goOn(connection: Connection, found: Collected | null, seen: LastSeen): void {
    if (connection.closed) return;
    // Fell behind the log's memory while catching up: the client has to come again.
    if (found === null)
      connection.end(CLOSE.slow_consumer, 'the feed moved on faster than the resume; reconnect');
    else this.pump(connection, found, 0, seen);
  }

  private sendRecords(connection: Connection, found: Collected, from: number, to: number): void {
    const { block, starts } = found;
    for (let i = from; i < to; i++) {
      const at = starts[i] as number;
      const epoch = block.floats[at / 2 + RF_EPOCH] as number;
      const time = block.floats[at / 2 + RF_TIME] as number;
      reply(connection, (sink) => {
        this.messages.feedEvent(sink, block.words, block.floats, at + HEAD_WORDS, epoch, time);
      });
    }
  }

  private follow(connection: Connection): void {
    const followers = this.live.get(connection.account);
    if (followers === undefined) this.live.set(connection.account, [connection]);
    else followers.push(connection);
  }
}

function lastOf(found: Collected): LastSeen {
  const at = found.starts[found.starts.length - 1] as number;
  return {
    epoch: found.block.floats[at / 2 + RF_EPOCH] as number,
    sequence: recordAccountSequence(found.block, at),
  };
}
