import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_MARGIN_TERMS } from '../../engine/market/margin-terms.js';
import { configOf } from './command-line.js';
import { readConfig } from './config.js';
import { StartError } from './problem.js';

const folders: string[] = [];

function written(text: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-config-'));
  folders.push(folder);
  const file = path.join(folder, 'own.toml');
  fs.writeFileSync(file, text);
  return file;
}

function complaint(run: () => unknown): StartError {
  try {
    run();
  } catch (error) {
    if (error instanceof StartError) return error;
    throw error;
  }
  throw new Error('nothing was complained about');
}

const MARKET = `
[[markets]]
id = 7
symbol = "DOGE-PERP"
tickSize = "0.00025"
lotSize = "10"
priceMax = "10"
qtyMax = "10000000"
minNotional = "1"
priceBand = "0.2"
initialMarginRate = "0.1"
maintenanceMarginRate = "0.05"
openOrdersMax = 100
referencePrice = "0.25"
`;

afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe('the configuration', () => {
  it('has the three markets of the default with their ticks and lots', () => {
    const { markets } = readConfig(null);
    const steps = markets.map(({ marketId, params }) => [
      marketId,
      params.symbol,
      params.tickMantissa / 10 ** params.tickDecimals,
      params.lotMantissa / 10 ** params.lotDecimals,
    ]);
    expect(steps).toEqual([
      [1, 'BTC-PERP', 0.1, 0.001],
      [2, 'ETH-PERP', 0.01, 0.001],
      [3, 'SOL-PERP', 0.001, 0.1],
    ]);
  });

  it('takes the market’s own rates as the first margin tier', () => {
    const tiers = `tiers = [
  { notionalFloor = "5000", initialMarginRate = "0.2", maintenanceMarginRate = "0.1" },
]
openInterestMax = "1000"
positionMax = "10"
openInterestGrowth = { lower = "20000000", upper = "50000000" }
`;
    const [market] = readConfig(written(MARKET + tiers)).markets;
    expect(market?.margin).toEqual({
      tiers: [
        { floorUsd: 0, initialPpm: 100_000, maintenancePpm: 50_000 },
        { floorUsd: 5000, initialPpm: 200_000, maintenancePpm: 100_000 },
      ],
      openInterestLotsMax: 100,
      positionLotsMax: 1,
      growthLowerUsd: 20_000_000,
      growthUpperUsd: 50_000_000,
    });
    expect(readConfig(written(MARKET)).markets[0]?.margin).toEqual(NO_MARGIN_TERMS);
    const falling = tiers.replace('"0.2"', '"0.06"');
    expect(complaint(() => readConfig(written(MARKET + falling))).message).toContain(
      'initialPpm of tier 2 must be an integer from 100000 to 1000000, but is 60000',
    );
    const shrinking = tiers.replace('"50000000"', '"20000000"');
    expect(complaint(() => readConfig(written(MARKET + shrinking))).message).toContain('upper');
    const broken = tiers.replace('"5000"', '"5000.5"');
    expect(complaint(() => readConfig(written(MARKET + broken))).message).toContain(
      'notionalFloor must be whole USD, but is 5000.5',
    );
  });

  it('takes what an insurance fund begins with, nothing when it is not said', () => {
    expect(readConfig(null).markets.map(({ insuranceMicroUsd }) => insuranceMicroUsd)).toEqual([
      250_000e6, 100_000e6, 50_000e6,
    ]);
    expect(readConfig(written(MARKET)).markets[0]?.insuranceMicroUsd).toBe(0);
    const broken = `${MARKET}insuranceFund = "-1"\n`;
    expect(complaint(() => readConfig(written(broken))).message).toContain(
      'insuranceFund must not be below 0, but is -1',
    );
  });

  it('takes single keys of a file, and whole lists', () => {
    const config = readConfig(written(`[gateway]\nrequestsPerSecond = 7\n${MARKET}`));
    expect(config.gatewayLimits).toEqual({ requestsPerSecond: 7, requestsBurst: 4000 });
    expect(config.fsync).toBe('batch');
    expect(config.markets).toHaveLength(1);
    expect(config.markets[0]).toMatchObject({
      marketId: 7,
      referenceTicks: 1000,
      params: {
        tickMantissa: 25,
        tickDecimals: 5,
        lotMantissa: 10,
        lotDecimals: 0,
        priceTicksMax: 40_000,
        microUsdPerTickLotNumerator: 2500,
        microUsdPerTickLotDenominator: 1,
        initialMarginPpm: 100_000,
      },
    });
  });

  it.each([
    ['[exchange]\nlayout = "wide"', /exchange\.layout must be one of auto, .*, but is 'wide'/],
    ['[exchange]\nlayuot = "inline"', /exchange\.layuot is not a key; the keys are bots, /],
    ['[ports]\npublic = 70000', /ports\.public must be an integer from 0 to 65535, but is 70000/],
    ['[ports]\npublic = "80"', /ports\.public must be an integer .*, but is '80'/],
    ['exchange = 3', /exchange must be a table, but is 3/],
    ['[gateway]\ntickMs = 0', /gateway\.tickMs must be an integer from 1 /],
    [MARKET.replace('"10"', '10'), /markets\[0\]\.lotSize must be a decimal in quotes, but is 10/],
    [MARKET.replace('id = 7', ''), /markets\[0\]\.id must be an integer .*, but is missing/],
    [MARKET.replace('"0.05"', '"0.3"'), /markets\[0\]: maintenanceMarginPpm must not exceed/],
    [MARKET.replace('"0.2"', '"0.2000001"'), /markets\[0\]: priceBand must be a multiple of/],
    [MARKET.replace('"0.25"', '"0.2501"'), /markets\[0\]: referencePrice must be a multiple of/],
    [MARKET + MARKET, /markets\[1\]\.id must not be used twice, but 7 is markets\[0\]'s/],
    ['[oracle]\nsourcesMin = 0', /oracle\.sourcesMin must be an integer from 1 to 32, but is 0/],
    ['[oracle]\ndeviationMax = "2"', /oracle: deviationMax must not exceed 1, but is 2/],
    ['[oracle]\nage = 2', /oracle\.age is not a key; the keys are ageMaxSeconds, /],
    ['[oracle.hermes]\nurls = "x"', /oracle\.hermes\.urls must be a list of an address .* 'x'/],
    [
      '[oracle.hermes]\nurls = ["ftp://x"]',
      /oracle\.hermes\.urls\[0\] must be an address .* 'ftp:/,
    ],
    ['[oracle.solana]\nshard = 65536', /oracle\.solana\.shard must be .* to 65535, but is 65536/],
    [`${MARKET}pythFeed = "e62d"`, /markets\[0\]\.pythFeed must be 64 hexadecimal digits, but is/],
    [`${MARKET}[markets.oracle]\nsourceMin = 2`, /markets\[0\]\.oracle\.sourceMin is not a key/],
    ['[exchange\n', /own\.toml: line 1/],
    ['[[feeTiers]]\ntier = 16\nmaker = "0"\ntaker = "0"', /feeTiers\[0\]\.tier must be .* 0 to 15/],
  ])('refuses %j with a sentence', (text, sentence) => {
    const error = complaint(() => readConfig(written(text)));
    expect(error.message).toMatch(sentence);
    expect(error.exitCode).toBe(1);
  });

  it('says that a file cannot be read', () => {
    expect(complaint(() => readConfig('/nowhere/own.toml')).message).toMatch(/cannot be read/);
  });
});

describe('the sources of --oracle pyth', () => {
  const pyth = (text: string) => configOf(['--oracle', 'pyth', '--config', written(text)]);

  it('are Hermes and the three markets by default, with the guardians of mainnet', () => {
    const config = pyth('');
    expect(config?.priceSources).toMatchObject({
      hermesUrls: ['https://hermes.pyth.network'],
      solanaUrls: [],
      guards: { ageMaxMs: 10_000, deviationMaxPpm: 10_000, sourcesMin: 1, goodRounds: 3 },
    });
    expect(config?.markets.map(({ pythFeed }) => pythFeed?.slice(0, 8))).toEqual([
      'e62df6c8',
      'ff61491a',
      'ef0d8b6f',
    ]);
  });

  it('have guards that a market may change one by one', () => {
    const feed = `pythFeed = "0x${'AB'.repeat(32)}"`;
    const config = pyth(`${MARKET}${feed}\n[markets.oracle]\ndeviationMax = "0.05"`);
    expect(config?.markets[0]?.pythFeed).toBe('ab'.repeat(32));
    expect(config?.markets[0]?.indexGuards).toMatchObject({
      deviationMaxPpm: 50_000,
      ageMaxMs: 10_000,
    });
  });

  it.each([
    [MARKET, /DOGE-PERP: pythFeed must be set for --oracle pyth, but is missing/],
    ['[oracle.hermes]\nurls = []', /oracle\.hermes\.urls must name a server/],
    ['[oracle]\nsourcesMin = 2', /BTC-PERP: sourcesMin must be at most 1, .* but is 2/],
    ['[oracle]\nageMaxSeconds = 61', /ageMaxSeconds must be from 1 to 60, .* but is 61/],
    ['[oracle]\nageMaxSeconds = 0', /ageMaxSeconds must be from 1 to 60, .* but is 0/],
    ['[oracle]\nconfidenceMax = "0.03"', /confidenceMax must be .* at most 0\.02, .* but is 0\.03/],
    [
      '[oracle.hermes]\nguardianSets = "nowhere.json"',
      /the guardian sets in nowhere\.json cannot be used: ENOENT/,
    ],
    [
      '[oracle.hermes]\nguardianSets = "package.json"',
      /the guardian sets in package\.json cannot be used: root\.index must be/,
    ],
  ])('refuse %j with a sentence', (text, sentence) => {
    expect(complaint(() => pyth(text)).message).toMatch(sentence);
    // Whoever has other prices need not care.
    expect(readConfig(written(text)).oracle).toBe('recorded');
  });

  it('need the real clock', () => {
    const args = ['--oracle', 'pyth', '--clock', 'manual'];
    expect(complaint(() => configOf(args)).message).toMatch(/--oracle pyth needs --clock real/);
  });
});

describe('the command line', () => {
  it('overrides the files', () => {
    const config = configOf([
      ...['--data', 'elsewhere', '--port', '0', '--admin-token', 'a-long-token', '--no-bots'],
      ...['--clock', 'manual', '--start-time', '5', '--oracle', 'manual', '--fsync', 'always'],
      ...['--layout', 'compact', '--fixp-port', '1', '--fix-port', '2', '--admin-port', '3'],
    ]);
    expect(config).toMatchObject({
      dataDir: 'elsewhere',
      port: 0,
      adminToken: 'a-long-token',
      bots: false,
      clock: 'manual',
      startTimeMs: 5,
      oracle: 'manual',
      fsync: 'always',
      layout: 'compact',
      fixpPort: 1,
      fixPort: 2,
      adminPort: 3,
    });
  });

  it('gives no configuration when the help is asked for', () => {
    expect(configOf(['--help'])).toBeNull();
  });

  it.each([
    [['--port', '65536'], /--port must be an integer from 0 to 65535, but is '65536'/],
    [['--port', '-1'], /--port/],
    [['--port', '1e3'], /--port must be an integer/],
    [['--layout', 'x'], /--layout must be one of inline, compact, spread, but is 'x'/],
    [['--fsync', ''], /--fsync must be one of never, batch, always, but is ''/],
    [['--clock', 'atomic'], /--clock must be one of real, manual/],
    [['--gateway-threads', '16'], /--gateway-threads must be an integer from 0 to 15, but is '16'/],
    [['--sweep-threads', '65'], /--sweep-threads must be an integer from 0 to 64, but is '65'/],
    [['--oracle', 'delphi'], /--oracle must be one of recorded, manual, pyth/],
    [['--start-time', 'now'], /--start-time must be an integer/],
    [['--admin-token', 'short'], /--admin-token must be 8 to 256/],
    [['--data', ''], /--data must not be empty/],
    [['--dat', 'x'], /Unknown option '--dat'; the options are --config/],
    [['stray'], /Unexpected argument 'stray'/],
  ])('refuses %j with a sentence and exit code 2', (args, sentence) => {
    const error = complaint(() => configOf(args));
    expect(error.message).toMatch(sentence);
    expect(error.exitCode).toBe(2);
  });

  describe('for a real chain', () => {
    const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
    const settlement = (lines: string) => `[settlement]\n${lines}\n`;
    const real = settlement(`rpcUrls = ["http://127.0.0.1:1/"]\nmint = "${MINT}"`);
    const start = (text: string, ...args: string[]) => {
      return complaint(() => configOf(['--config', written(text), ...args])).message;
    };

    it('trades by prices that the chain can settle, and by the clock that it has', () => {
      expect(start(real)).toMatch(/settlement.rpcUrls need --oracle pyth.*but it is recorded$/);
      expect(start(real, '--clock', 'manual')).toContain('need the real clock, but it is manual');
      expect(start(real, '--fsync', 'never')).toContain('need journals that are synced');
      expect(start(real + MARKET, '--oracle', 'pyth')).toContain(
        'DOGE-PERP: pythFeed must be set with settlement.rpcUrls, but is missing',
      );
      expect(configOf(['--config', written(real), '--settlement', 'off'])).not.toBeNull();
    });

    it('pays no more funding in a round than the chain takes', () => {
      const wide = '[pricing]\nfundingRateCap = "0.11"\n';
      expect(start(wide)).toContain(
        'fundingRateCap must be at most 0.1 with settlement, but is 0.11',
      );
      expect(configOf(['--config', written(wide), '--settlement', 'off'])).not.toBeNull();
    });

    it('counts no server twice where several have to agree', () => {
      const twice = 'rpcUrls = ["http://a.test", "http://b.test", "http://A.test/"]';
      expect(start(settlement(`${twice}\nmint = "${MINT}"`))).toContain(
        'rpcUrls[2] must not be the same server as rpcUrls[0]',
      );
      expect(start('[oracle.hermes]\nurls = ["http://a.test/", "http://a.test"]')).toContain(
        'urls[1] must not be the same server as urls[0]',
      );
    });

    it('takes addresses only that are some', () => {
      const z = 'z'.repeat(44);
      expect(start(settlement(`mint = "${z}"`))).toContain(
        `mint must be 32 bytes in base58, but is '${z}'`,
      );
      expect(start(settlement('founder = "me"'))).toContain('founder must be 32 bytes in base58');
    });
  });
});
