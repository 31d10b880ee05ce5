import { blockOf } from '../../gateway/feeds/relayed-log.js';
import type { GatewayLog } from '../../gateway/gateway-options.js';
import type { HistoryQueries } from '../../gateway/history/query-pool.js';
import type { HomeDesk } from '../../gateway/shared/home-desk.js';
import type { Relay } from './relay.js';
import type { EventsAnswer, ToExchange, ToThread } from './thread-messages.js';

type Line = Relay<ToExchange, ToThread>;

/** What a gateway's thread asks of the exchange, as the gateway knows it. */
export function deskOver(relay: Line): HomeDesk {
  const events = async (ask: ToExchange) => {
    const found = await relay.ask<EventsAnswer>(ask);
    return found === null ? null : blockOf(found.words, found.starts);
  };
  return {
    createKey: (wish, nowMs) => relay.ask({ ask: 'createKey', wish, nowMs }),
    revokeKey: (apiKey) => relay.ask({ ask: 'revokeKey', apiKey }),
    openListenKey: (account, apiKey) => relay.ask({ ask: 'openListenKey', account, apiKey }),
    keepListenKey: (apiKey) => relay.ask({ ask: 'keepListenKey', account: 0, apiKey }),
    closeListenKey: (account, apiKey) => relay.ask({ ask: 'closeListenKey', account, apiKey }),
    setCountdown: (account, marketId, inMs) => {
      return relay.ask({ ask: 'setCountdown', account, marketId, inMs });
    },
    noteAlgo: (account, clientOrderId, isAlgo) => {
      return relay.ask({ ask: 'algo', account, clientOrderId, isAlgo });
    },
    reach: (account, marketId) => relay.ask({ ask: 'reach', account, marketId }),
    guard: (account, change) => relay.tell({ ask: 'guard', account, change }),
    eventsAfter: (shard, account, epoch, sequence) => {
      return events({ ask: 'eventsAfter', shard, account, epoch, sequence });
    },
    recentEvents: (shard, account, most) => {
      return events({ ask: 'recentEvents', shard, account, most });
    },
  };
}

/** The threads that read the history are the exchange's: one pool for all. */
export function historyOver(relay: Line): HistoryQueries {
  return {
    ask: (question) => relay.ask({ ask: 'history', question }),
    status: (question) => relay.ask({ ask: 'status', question }),
    rows: (question) => relay.ask({ ask: 'rows', question }),
    close: async () => {},
  };
}

/** One log, written by one thread. Errors travel as sentence and stack. */
export function logOver(relay: Line): GatewayLog {
  const write = (level: 'info' | 'warn' | 'error') => (fields: object, sentence: string) => {
    const plain = Object.entries(fields).map(([name, value]) => {
      return [name, value instanceof Error ? (value.stack ?? value.message) : value];
    });
    relay.tell({ ask: 'log', level, fields: Object.fromEntries(plain), sentence });
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
