import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELP } from './command-line.js';
import { runCalcCommand } from './run.js';

type Json = Record<string, unknown>;

async function run(args: string[], input = '') {
  let out = '';
  let notes = '';
  const code = await runCalcCommand(args, {
    read: async () => input,
    out: (text) => {
      out += text;
    },
    note: (text) => {
      notes += text;
    },
  });
  return { code, out, notes };
}

async function calc(command: string, document: unknown): Promise<Json> {
  const { code, notes, out } = await run([command, '-', '--json'], JSON.stringify(document));
  expect([code, notes]).toEqual([0, '']);
  return JSON.parse(out) as Json;
}

/** The document with a field changed; a path is names and places with dots between. */
function changed(document: object, path: string, value: unknown): object {
  const copy = structuredClone(document);
  const names = path.split('.');
  const last = names.pop() as string;
  const owner = names.reduce((at, name) => at[name] as Json, copy as Json);
  if (value === undefined) delete owner[last];
  else owner[last] = value;
  return copy;
}

/** All paths in the document that lead to a value, an object or a list. */
function pathsOf(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [at];
  const below = Object.entries(value).flatMap(([key, each]) =>
    pathsOf(each, at === '' ? key : `${at}.${key}`),
  );
  return at === '' ? below : [at, ...below];
}

const tier = (floor: string, initial: string, maintenance: string) => {
  return { notionalFloor: floor, initialMarginRate: initial, maintenanceMarginRate: maintenance };
};

/** The example of the interface: short 3 ETH, and a bid for one. */
const MARGIN = {
  marginMode: 'cross',
  collateral: '1000',
  markets: {
    ETH: {
      markPrice: '3000',
      tiers: [tier('0', '0.1', '0.05')],
      takerFeeRate: '0',
      tickSize: '0.01',
      lotSize: '0.001',
    },
  },
  positions: [{ market: 'ETH', size: '-3', entryPrice: '3000', isolatedCollateral: null }],
  orders: [{ market: 'ETH', side: 'buy', price: '2900', quantity: '1', reduceOnly: false }],
};
const FUNDING = {
  intervalHours: '8',
  interestRate: '0.0001',
  dampener: '0.0005',
  rateCap: '0.04',
  indexPrice: '10000',
  impactBid: '10100',
  impactAsk: '10100',
  premiumSamples: null,
  expectedSamples: null,
  positionSize: '1',
};
const MARK = { index: '100', bid: '99.6', ask: '100.6', last: '100.5', basisEma: '0.2' };
const ADL = {
  side: 'short',
  size: '15',
  bankruptcyPrice: '650',
  candidates: [
    { account: '10', size: '10', entryPrice: '600', markPrice: '640', equity: '3200' },
    { account: '9', size: '10', entryPrice: '600', markPrice: '640', equity: '3200' },
    { account: 'bob', size: '10', entryPrice: '600', markPrice: '640', equity: '3200' },
  ],
};
const DOCUMENTS: Record<string, object> = {
  margin: MARGIN,
  funding: FUNDING,
  mark: MARK,
  adl: ADL,
};

describe('answers', () => {
  it('margin', async () => {
    expect(await calc('margin', MARGIN)).toEqual({
      equity: '1000',
      unrealizedPnl: '0',
      initialMargin: '900',
      maintenanceMargin: '450',
      marginRatio: '0.45',
      freeCollateral: '100',
      liquidatable: false,
      positions: [
        {
          market: 'ETH',
          notional: '9000',
          unrealizedPnl: '0',
          initialMargin: '900',
          maintenanceMargin: '450',
          liquidationPrice: '3174.603174603175',
          bankruptcyPrice: '3333.333333333333',
        },
      ],
    });
  });

  it('funding', async () => {
    const answer = { premium: '0.01', fundingRate: '0.0095', payment: '95' };
    expect(await calc('funding', FUNDING)).toEqual(answer);
  });

  it('mark', async () => {
    expect(await calc('mark', MARK)).toEqual({ markPrice: '100.2' });
  });

  it('adl: ids that are numbers are compared as numbers, names come behind', async () => {
    const { queue } = (await calc('adl', ADL)) as { queue: Json[] };
    expect(queue).toEqual([
      { account: '9', rank: 1, score: '0.133333333333', reducedBy: '10' },
      { account: '10', rank: 2, score: '0.133333333333', reducedBy: '5' },
      { account: 'bob', rank: 3, score: '0.133333333333', reducedBy: '0' },
    ]);
  });

  it('to a list of documents are a list in the same order', async () => {
    const { out } = await run(
      ['mark', '-', '--json'],
      JSON.stringify([MARK, { index: '7' }, MARK]),
    );
    expect(JSON.parse(out)).toEqual([
      { markPrice: '100.2' },
      { markPrice: '7' },
      { markPrice: '100.2' },
    ]);
    expect((await run(['mark', '-', '--json'], '[]')).out).toBe('[]\n');
  });

  it('are one line of JSON, or lines for people', async () => {
    const json = await run(['margin', '-', '--json'], JSON.stringify(MARGIN));
    expect(json.out.split('\n')).toHaveLength(2);
    const text = await run(['margin', 'FILE'], JSON.stringify([MARGIN, MARGIN]));
    expect(text.out).toMatch(/^equity {13}1000\n/);
    expect(text.out.match(/ETH {5}9000/g)).toHaveLength(2);
  });
});

describe('margin documents', () => {
  it('need no more than collateral and markets', async () => {
    const answer = await calc('margin', { collateral: '-5.5', markets: {} });
    expect(answer).toMatchObject({ equity: '-5.5', liquidatable: false, positions: [] });
    const least = changed(changed(MARGIN, 'orders', null), 'markets.ETH.takerFeeRate', undefined);
    expect(
      await calc('margin', changed(least, 'positions.0.isolatedCollateral', undefined)),
    ).toEqual(await calc('margin', changed(MARGIN, 'orders', [])));
  });

  it('keep an isolated position out of the account, and the account out of it', async () => {
    const positions = [
      { market: 'ETH', size: '-3', entryPrice: '3000', isolatedCollateral: '1000' },
      { market: 'ETH', size: '1', entryPrice: '2900' },
    ];
    const document = { ...MARGIN, positions, orders: [] };
    const answer = await calc('margin', document);
    expect(answer).toMatchObject({ equity: '1100', maintenanceMargin: '150' });
    const richer = await calc('margin', { ...document, collateral: '5000' });
    const [isolated] = answer.positions as Json[];
    expect((richer.positions as Json[])[0]).toEqual(isolated);
    expect(isolated).toMatchObject({ liquidationPrice: '3174.603174603175' });
  });

  it('stand each position of an account on the rest of it', async () => {
    const markets = { ...MARGIN.markets, B: { ...MARGIN.markets.ETH, markPrice: '100' } };
    const positions = [
      { market: 'ETH', size: '-3', entryPrice: '3000' },
      { market: 'B', size: '10', entryPrice: '80' },
    ];
    const answer = await calc('margin', { ...MARGIN, markets, positions, orders: [] });
    // ETH: 1000 + 200 of B − 50 for B = 1150 behind it, so 3 × (p − 3000) + 0.05 × 3 × p = 1150.
    expect(answer.positions).toMatchObject([
      { market: 'ETH', liquidationPrice: '3222.222222222222', bankruptcyPrice: '3400' },
      { market: 'B', liquidationPrice: '26.315789473684', bankruptcyPrice: null },
    ]);
  });

  it('count marks and entries between ticks exactly', async () => {
    const between = changed(MARGIN, 'markets.ETH.markPrice', '3000.12345678');
    const answer = await calc(
      'margin',
      changed(between, 'positions.0.entryPrice', '3000.00000001'),
    );
    expect(answer).toMatchObject({ unrealizedPnl: '-0.370371' });
  });

  it('say whether an order would be let in, and what may be withdrawn', async () => {
    const wish = { market: 'ETH', side: 'sell', price: '3000', quantity: '1' };
    const market = { ...MARGIN.markets.ETH, positionCap: '11000', openInterest: '3' };
    const asked = { ...MARGIN, newOrder: wish, withdrawal: '100', collateral: '1200' };
    expect(await calc('margin', asked)).toMatchObject({
      newOrder: { accepted: true },
      withdrawal: { allowed: true, withdrawable: '300' },
    });
    expect(await calc('margin', { ...asked, collateral: '1100', withdrawal: '201' })).toMatchObject(
      {
        newOrder: { accepted: false, reason: 'insufficient_margin', value: '300', limit: '200' },
        withdrawal: { allowed: false, withdrawable: '200' },
      },
    );
    expect(await calc('margin', { ...asked, markets: { ETH: market } })).toMatchObject({
      newOrder: { accepted: false, reason: 'position_cap', value: '12000', limit: '11000' },
    });
    const crowded = { ...market, positionCap: null, openInterestCap: '11999.999999' };
    expect(await calc('margin', { ...asked, markets: { ETH: crowded } })).toMatchObject({
      newOrder: { accepted: false, reason: 'open_interest_cap', value: '12000' },
    });
  });

  it('grow the initial rate with open interest', async () => {
    const growth = { lower: '1000', upper: '17000' };
    const market = { ...MARGIN.markets.ETH, openInterest: '3', openInterestGrowth: growth };
    // Half of the way from 10 % to 100 %.
    expect(await calc('margin', { ...MARGIN, markets: { ETH: market } })).toMatchObject({
      initialMargin: '4950',
      maintenanceMargin: '450',
    });
  });
});

describe('funding and mark documents', () => {
  it.each([
    [
      'samples that are missing count as zero',
      { premiumSamples: ['0.03', null], expectedSamples: '3' },
      '0.01',
    ],
    ['without a number, those given are expected', { premiumSamples: ['0.03', '0.01'] }, '0.02'],
    ['samples go before impact prices', { premiumSamples: ['0'], expectedSamples: '1' }, '0'],
    ['no impact prices', { impactBid: null, impactAsk: null }, '0'],
    ['an impact bid of zero is none', { impactBid: '0', impactAsk: '9900' }, '-0.01'],
    ['no impact bid', { impactBid: null, impactAsk: '9900' }, '-0.01'],
  ])('%s', async (_name, change, premium) => {
    expect(await calc('funding', { ...FUNDING, ...change })).toMatchObject({ premium });
  });

  it('pay a share of eight hours', async () => {
    const hourly = { ...FUNDING, intervalHours: '1', positionSize: '-2' };
    expect(await calc('funding', hourly)).toMatchObject({ payment: '-23.75' });
  });

  it.each([
    [{}, null],
    [{ bid: '1', ask: '1.5' }, '1.25'],
    [{ index: '1', bid: '1', ask: '1.01' }, '1.0025'],
    [{ index: '1', last: null }, '1'],
  ])('mark of %j is %s', async (document, markPrice) => {
    expect(await calc('mark', document)).toEqual({ markPrice });
  });
});

describe('a wrong document', () => {
  const more = '4503599627.370497';
  const cases: [string, string, unknown, string][] = [
    ['margin', 'collateral', undefined, 'collateral is missing'],
    [
      'margin',
      'collateral',
      'NaN',
      "collateral must be digits with at most one point, but is 'NaN'",
    ],
    ['margin', 'collateral', '1e3', 'digits with at most one point'],
    ['margin', 'collateral', 1000, 'collateral must be a decimal in quotes, but is 1000'],
    ['margin', 'collateral', more, `must not exceed 4503599627.370496, but is ${more}`],
    ['margin', 'collateral', `-${more}`, 'must not be below -4503599627.370496'],
    ['margin', 'collateral', '0.0000001', 'must have at most 6 decimals'],
    ['margin', 'collateral', '9'.repeat(41), 'must not be longer than 40 characters'],
    ['margin', 'marginMode', 'hedge', "marginMode must be cross or isolated, but is 'hedge'"],
    ['margin', 'marginMode', 'isolated', 'positions[0].isolatedCollateral is missing'],
    ['margin', 'markets', undefined, 'markets is missing'],
    ['margin', 'markets', [], 'markets must be an object, but is []'],
    ['margin', 'markets.ETH', 7, 'markets.ETH must be an object, but is 7'],
    ['margin', 'markets.ETH.markPrice', '0', 'markets.ETH.markPrice must not be below'],
    ['margin', 'markets.ETH.markPrice', null, 'markets.ETH.markPrice is missing'],
    ['margin', 'markets.ETH.tickSize', '-0.01', 'markets.ETH.tickSize must not be below'],
    ['margin', 'markets.ETH.lotSize', '0', 'markets.ETH.lotSize must not be below'],
    ['margin', 'markets.ETH.takerFeeRate', '-0.0001', 'takerFeeRate must not be below 0'],
    ['margin', 'markets.ETH.tiers', [], 'tiers[0].notionalFloor is missing'],
    ['margin', 'markets.ETH.tiers', [tier('1', '1', '1')], 'must be 0 in the first tier, but is 1'],
    [
      'margin',
      'markets.ETH.tiers',
      [tier('0', '0.1', '0.1'), tier('9', '0.1', '0.1'), tier('8', '0.1', '0.1')],
      'markets.ETH.tiers[2].notionalFloor must be above that of the tier before, but is 8',
    ],
    [
      'margin',
      'markets.ETH.tiers.0.initialMarginRate',
      '-0.1',
      'initialMarginRate must not be below 0',
    ],
    [
      'margin',
      'markets.ETH.tiers.0.initialMarginRate',
      '1.1',
      'initialMarginRate must not exceed 1',
    ],
    [
      'margin',
      'markets.ETH.tiers.0.maintenanceMarginRate',
      '0.2',
      'must not exceed the initial margin rate',
    ],
    [
      'margin',
      'markets.ETH.tiers.0.initialMarginRate',
      `0.${'1'.repeat(19)}`,
      'at most 18 decimals',
    ],
    ['margin', 'markets.ETH.openInterestCap', '5', 'openInterestCap needs openInterest'],
    ['margin', 'markets.ETH.positionCap', '-5', 'positionCap must not be below 0'],
    ['margin', 'markets.ETH.leverage', '5', 'markets.ETH.leverage is not known here'],
    [
      'margin',
      'positions.0.market',
      'DOGE',
      "positions[0].market must be one of ETH, but is 'DOGE'",
    ],
    ['margin', 'positions.0.market', 'toString', 'must be one of ETH'],
    [
      'margin',
      'positions.0.size',
      '0.0005',
      'positions[0].size must be a multiple of 0.001, but is 0.0005',
    ],
    ['margin', 'positions.0.size', '9007199254741', 'must not exceed'],
    [
      'margin',
      'positions.0.size',
      '1501200',
      'positions[0].size × price must not exceed 4503599627.370496',
    ],
    ['margin', 'positions.0.size', '9007199254740993', 'size must not exceed 9007199254740991'],
    ['margin', 'positions.0.entryPrice', '-1', 'positions[0].entryPrice must not be below 0'],
    ['margin', 'positions.0.entryPrice', `1.${'1'.repeat(19)}`, 'at most 18 decimals'],
    ['margin', 'positions.0.side', 'buy', 'positions[0].side is not known here'],
    ['margin', 'positions', {}, 'positions must be a list, but is {}'],
    ['margin', 'positions.1', MARGIN.positions[0], 'must not be in cross margin twice, but ETH is'],
    ['margin', 'orders.0.side', 'long', "orders[0].side must be buy or sell, but is 'long'"],
    ['margin', 'orders.0.price', '2900.005', 'orders[0].price must be a multiple of 0.01'],
    ['margin', 'orders.0.quantity', '-1', 'orders[0].quantity must not be below'],
    ['margin', 'orders.0.quantity', '0', 'orders[0].quantity must not be below'],
    ['margin', 'orders.0.reduceOnly', 'no', "reduceOnly must be true or false, but is 'no'"],
    ['margin', 'withdrawal', '-1', 'withdrawal must not be below 0'],
    ['margin', 'newOrder', { market: 'ETH' }, 'newOrder.price is missing'],
    ['funding', 'indexPrice', '0', 'indexPrice must not be below'],
    ['funding', 'impactAsk', '0', 'impactAsk must not be below'],
    ['funding', 'rateCap', '-0.04', 'rateCap must not be below 0'],
    ['funding', 'dampener', '-0.0005', 'dampener must not be below 0'],
    ['funding', 'intervalHours', '0', 'intervalHours must not be below 0.001'],
    [
      'funding',
      'premiumSamples',
      ['0.1', 'x'],
      'premiumSamples[1] must be digits with at most one point',
    ],
    ['funding', 'premiumSamples', [], 'expectedSamples is missing'],
    ['funding', 'positionSize', undefined, 'positionSize is missing'],
    ['funding', 'positionSize', '4503599627', 'positionSize × indexPrice must not exceed'],
    ['mark', 'bid', '101', 'bid must not exceed ask 100.6, but is 101'],
    ['mark', 'index', '-1', 'index must not be below'],
    ['mark', 'mid', '1', 'mid is not known here; there are index, bid, ask, last, basisEma'],
    ['adl', 'side', 'buy', "side must be long or short, but is 'buy'"],
    ['adl', 'size', '0', 'size must not be below'],
    ['adl', 'bankruptcyPrice', undefined, 'bankruptcyPrice is missing'],
    ['adl', 'candidates', undefined, 'candidates is missing'],
    [
      'adl',
      'candidates.1.size',
      '-10',
      'candidates[1].size must be above 0, because side is short, but is -10',
    ],
    ['adl', 'candidates.1.size', '0', 'must be above 0'],
    ['adl', 'candidates.1.account', '10', 'account must be named once, but 10 is named twice'],
    ['adl', 'candidates.1.account', 9, 'account must be a text that is not empty, but is 9'],
    ['adl', 'candidates.1.equity', 'Infinity', 'candidates[1].equity must be digits'],
  ];
  it.each(cases)('%s with %s = %j', async (command, path, value, sentence) => {
    const document = changed(DOCUMENTS[command] as object, path, value);
    const { code, notes, out } = await run([command, '-', '--json'], JSON.stringify(document));
    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain(sentence);
  });

  it('may have more samples than were expected, or a part of one', async () => {
    const document = { ...FUNDING, premiumSamples: ['0', '0'], expectedSamples: '1' };
    const many = await run(['funding', '-'], JSON.stringify(document));
    expect(many).toMatchObject({
      code: 1,
      notes: 'premiumSamples must not be more than 1, but are 2',
    });
    const part = await run(
      ['funding', '-'],
      JSON.stringify({ ...document, expectedSamples: '2.5' }),
    );
    expect(part).toMatchObject({
      code: 1,
      notes: 'expectedSamples must have at most 0 decimals, but is 2.5',
    });
  });

  it('in a list fails the list and is named', async () => {
    const { code, notes, out } = await run(['mark', '-'], JSON.stringify([MARK, { bid: 'x' }]));
    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain('document 1 of the list: bid must be digits');
  });

  it('of any kind is answered, or refused with a sentence', async () => {
    const text = fc.oneof(
      fc.constantFrom('0', '-0', '-1', '0.000000000000000001', '4503599627.370496', '1e5'),
      fc.stringMatching(/^-?[0-9]{1,20}(\.[0-9]{1,20})?$/),
    );
    const value = fc.oneof(text, text, fc.jsonValue({ maxDepth: 2 }), fc.constant(undefined));
    const change = fc.constantFrom(...Object.keys(DOCUMENTS)).chain((command) => {
      const paths = fc.constantFrom(...pathsOf(DOCUMENTS[command]));
      return fc.tuple(fc.constant(command), paths, value);
    });
    await fc.assert(
      fc.asyncProperty(change, async ([command, path, each]) => {
        const document = changed(DOCUMENTS[command] as object, path, each);
        const { code, notes, out } = await run([command, '-', '--json'], JSON.stringify(document));
        if (code === 0) expect([notes, typeof JSON.parse(out)]).toEqual(['', 'object']);
        else expect([code, out, notes.length > 10]).toEqual([1, '', true]);
      }),
      { numRuns: 3000 },
    );
  });

  it.each(['', '{', 'null', '7', '"x"', '[[]]'])('that is %j is refused', async (text) => {
    const { code, notes, out } = await run(['mark', '-', '--json'], text);
    expect([code, out]).toEqual([1, '']);
    expect(notes).not.toBe('');
  });
});

describe('the command line', () => {
  it('prints its help', async () => {
    expect(await run(['--help'])).toEqual({ code: 0, out: HELP, notes: '' });
  });

  it.each([
    [[], 'the command must be one of margin, funding, mark, adl, but is missing'],
    [['fees', '-'], "but is 'fees'"],
    [['mark'], 'FILE is missing'],
    [['mark', 'a', 'b'], "'b' is one argument too many"],
    [['mark', '-', '--yaml'], "'--yaml'"],
  ])('refuses %j', async (args, sentence) => {
    const { code, notes, out } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(notes).toContain(sentence);
  });

  it('says which file cannot be read, and lets other errors through', async () => {
    const failing = (error: Error) =>
      runCalcCommand(['mark', 'x.json'], {
        read: () => Promise.reject(error),
        out: () => {},
        note: (text) => expect(text).toBe('no such file: x.json'),
      });
    const missing = Object.assign(new Error('no such file: x.json'), { syscall: 'open' });
    expect(await failing(missing)).toBe(1);
    await expect(failing(new Error('a bug'))).rejects.toThrow('a bug');
  });
});
