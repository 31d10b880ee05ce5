import { describe, expect, it } from 'vitest';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as type from '../../engine/messages/types.js';
import { MarginShard } from './margin-shard.fixture.js';

const KEY = [0x11111111, -2, 3, 0x7fffffff];
const W_IDEMPOTENCY_KEY = 6;

function cash(kind: number, marketId: number, account: number, microUsd: number): MessageBuffer {
  const message = new MessageBuffer(1);
  message.push(1);
  message.words[layout.W_HEAD] = layout.headOf(kind, 1, marketId);
  message.words[layout.W_ACCOUNT] = account;
  message.words.set(KEY, W_IDEMPOTENCY_KEY);
  message.floats[layout.F_QTY] = microUsd;
  return message;
}

describe('what moves money from outside', () => {
  it.each([
    ['a deposit', type.CMD_DEPOSIT, 0, 1, type.EVT_BALANCE],
    ['a withdrawal', type.CMD_WITHDRAW, 0, 1, type.EVT_BALANCE],
    ['a payment into an insurance fund', type.CMD_FUND_INSURANCE, 1, 0, type.EVT_INSURANCE_FUNDED],
  ])('%s: its event carries the key of its command', (_, kind, marketId, account, expected) => {
    const { events } = new MarginShard(1).send(cash(kind, marketId, account, 1_000));
    const event = events.at(-1);
    expect(event?.type).toBe(expected);
    const key = KEY.map((_word, i) => event?.word(layout.EW_CASH_KEY + i));
    expect(key).toEqual(KEY);
  });

  // Accounts may live in different shards, which do not know of each other's keys.
  it('a key is of the account or fund that it was sent for, also after a restart', () => {
    const shard = new MarginShard(2);
    const changes = (of: MarginShard) => {
      const commands = [
        cash(type.CMD_DEPOSIT, 0, 1, 1_000),
        cash(type.CMD_DEPOSIT, 0, 2, 1_000),
        cash(type.CMD_FUND_INSURANCE, 1, 0, 1_000),
        cash(type.CMD_FUND_INSURANCE, 7, 0, 1_000),
        cash(type.CMD_WITHDRAW, 0, 2, 1_000),
      ];
      return commands.map((command) => of.send(command).events.at(-1)?.float(layout.EF_LOTS));
    };
    expect(changes(shard)).toEqual([1_000, 1_000, 1_000, 1_000, 0]);
    expect(changes(shard.fork())).toEqual([0, 0, 0, 0, 0]);
  });
});
