import { marketOf, typeOf, W_ACCOUNT, W_HEAD } from '../../engine/messages/layout.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_CREATE_SUB_ACCOUNT,
  CMD_FUND_INSURANCE,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_SET_FEE_RATES,
  CMD_SET_MARGIN_TIERS,
  CMD_SET_MARKET_PARAMS,
  CMD_SET_MARKET_STATE,
  CMD_SET_PRICING,
} from '../../engine/messages/types.js';
import { DIRECTORY_SHARD } from '../../engine/shard/routing.js';
import type { Knowledge } from '../traffic/knowledge.js';
import type { Wire } from '../traffic/wire.js';

const TO_MARKET = [
  CMD_LIST_MARKET,
  CMD_SET_MARKET_PARAMS,
  CMD_SET_MARKET_STATE,
  CMD_ORACLE_PRICE,
  CMD_SET_PRICING,
  CMD_SET_MARGIN_TIERS,
  CMD_FUND_INSURANCE,
];
const TO_DIRECTORY = [CMD_CREATE_ACCOUNT, CMD_CREATE_SUB_ACCOUNT, CMD_SET_FEE_RATES];

/** To which shard a gateway sends a command: the account's home, the market's host, or the one that gives out ids. */
export function shardFor(wire: Wire, shards: number, knowledge: Knowledge): number {
  const type = typeOf(wire[W_HEAD] as number);
  if (TO_DIRECTORY.includes(type)) return DIRECTORY_SHARD;
  if (TO_MARKET.includes(type)) return marketOf(wire[W_HEAD] as number) % shards;
  const account = wire[W_ACCOUNT] as number;
  // The directory gives homes in turns; real gateways read the home from EVT_ACCOUNT_CREATED.
  if (type >= CMD_CREATE_ACCOUNT && account < 1) return DIRECTORY_SHARD;
  return account < 1 ? 0 : homeFor(account, shards, knowledge);
}

export function homeFor(account: number, shards: number, knowledge: Knowledge): number {
  return (knowledge.topOf(account) - 1) % shards;
}
