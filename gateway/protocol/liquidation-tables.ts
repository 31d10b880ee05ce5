import type { MessageShape } from './messages.js';

/** Index = number in the engine's events. */
export const TRANSFER_REASONS = ['none', 'take_over', 'deleveraging', 'settlement'] as const;
export const INSURANCE_REASONS = ['none', 'fee', 'shortfall', 'dust', 'debt'] as const;
export const AUCTION_EVENTS = ['none', 'opened', 'taken', 'ended'] as const;

function message(name: string, code: number, fields: readonly string[]): MessageShape {
  return { name, code, fields };
}

/** Messages about liquidations; a part of MESSAGES. */
export const LIQUIDATION_MESSAGES = {
  transfer: message('transfer', 92, [
    'epoch',
    'accountSequence',
    'market',
    'reason',
    'side',
    'qty',
    'price',
    'realizedPnl',
    'position',
    'entryValue',
    'collateral',
    'auctionId',
    'sequence',
    'time',
  ]),
  insurance: message('insurance', 93, [
    'epoch',
    'accountSequence',
    'market',
    'reason',
    'payment',
    'collateral',
    'sequence',
    'time',
  ]),
  liquidationsSnapshot: message('liquidationsSnapshot', 94, [
    'market',
    'epoch',
    'sequence',
    'auctions',
    'insuranceFund',
    'time',
  ]),
  liquidations: message('liquidations', 95, [
    'market',
    'epoch',
    'previousSequence',
    'sequence',
    'auctions',
    'fills',
    'deleveragings',
    'insuranceFund',
    'time',
  ]),
  positionsAtRiskSnapshot: message('positionsAtRiskSnapshot', 96, [
    'epoch',
    'sequence',
    'positions',
  ]),
  positionsAtRisk: message('positionsAtRisk', 97, [
    'epoch',
    'previousSequence',
    'sequence',
    'positions',
  ]),
} as const;
