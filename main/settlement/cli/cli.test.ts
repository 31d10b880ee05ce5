import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PlimsollClient } from '../../../sdk/client.js';
import { keyPairLogin } from '../../../sdk/login.js';
import { packageFile } from '../../package-root.js';
import { eventually } from '../../testing/settlement/eventually.js';
import { SettlingExchange } from '../../testing/settlement/settling-exchange.js';

const WITHIN_MS = 240_000;
/** Of the embedded chain: so long a request may stay unserved. */
const FREEZE_DELAY_MS = 60_000;

interface Said {
  code: number;
  out: string;
  notes: string[];
}

/** The compiled program, as its users run it. */
async function run(dataDir: string, ...args: string[]): Promise<Said> {
  const program = [packageFile('dist/main/settlement-cli.js'), ...args, '--data', dataDir];
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [ended, out, notes] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  const lines = notes.split('\n').filter((line) => line !== '');
  return {
    code: ended[0] as number,
    out,
    notes: lines.map((line) => line.replace(/^settlement: /, '')),
  };
}

describe('npm run settlement', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-settlement-cli-'));
  let exchange: SettlingExchange;
  let dataDir = '';

  beforeAll(async () => {
    exchange = await SettlingExchange.start(folder, { bus: 'embedded' });
    ({ dataDir } = exchange);
    await exchange.facts();
    await exchange.setPrices({ 'BTC-PERP': '100000', 'ETH-PERP': '3500', 'SOL-PERP': '180' });
    // The demo account's row is made when settlement has heard of it.
    const balance = async () => {
      const said = await run(dataDir, 'balance', '--json');
      if (said.code !== 0) throw new Error(said.notes.join('\n'));
      return said;
    };
    const { out } = await eventually('the row of the demo account', balance, WITHIN_MS);
    expect(JSON.parse(out)).toMatchObject({ wallet: '100000.000000', account: '0.000000' });
  }, WITHIN_MS);

  afterAll(async () => {
    await exchange?.process.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }, WITHIN_MS);

  /** As the engine has it at this moment. */
  async function collateral(): Promise<string> {
    const secret = JSON.parse(fs.readFileSync(path.join(dataDir, 'demo-key.json'), 'utf8'));
    const login = keyPairLogin(Keypair.fromSecretKey(Uint8Array.from(secret)).secretKey);
    const client = await PlimsollClient.connect({ url: exchange.process.url, login });
    await client.subscribe('private');
    await client.close();
    return client.account.collateral ?? '';
  }

  it(
    'pays in what can be traded with as soon as it says so, and out again',
    async () => {
      const deposited = await run(dataDir, 'deposit', '1000');
      expect(deposited).toMatchObject({
        code: 0,
        out: 'deposited 1000.000000 USD into account 1\n',
        notes: [expect.stringMatching(/^deposit [1-9A-HJ-NP-Za-km-z]{64,88}: on chain$/)],
      });
      expect(await collateral()).toBe('1000.000000');
      const withdrawn = await run(dataDir, 'withdraw', '250.5');
      expect(withdrawn).toMatchObject({
        code: 0,
        out: 'paid 250.500000 USDC into the wallet\n',
      });
      expect(withdrawn.notes.at(-1)).toBe('withdrawal 1: completed');
      expect(await collateral()).toBe('749.500000');
      const { out } = await run(dataDir, 'balance', '--json');
      expect(JSON.parse(out)).toMatchObject({ wallet: '99250.500000', accountId: 1 });
    },
    WITHIN_MS,
  );

  it(
    'says in the owner’s units why it cannot be, and moves nothing',
    async () => {
      const { code, notes } = await run(dataDir, 'deposit', '99999999');
      expect([code, notes[0]]).toEqual([
        1,
        expect.stringMatching(
          /^the wallet \w+ has 99250\.500000 USDC, less than 99999999\.000000$/,
        ),
      ]);
      const refused = await run(dataDir, 'withdraw', '5000');
      expect([refused.code, refused.notes.at(-1)]).toEqual([
        1,
        'it was refused: insufficient_free_collateral: 5000.000000 is more than may leave: 749.500000, above initial margin and a tenth of the notional',
      ]);
      expect(await collateral()).toBe('749.500000');
    },
    WITHIN_MS,
  );

  it.each([
    [[], /^the command must be one of status, verify, .* but is ''$/],
    [['nosuch'], /but is 'nosuch'$/],
    [['deposit'], /^deposit needs USD$/],
    [['deposit', '-1'], /^Unknown option '-1'/],
    [['deposit', 'abc'], /but is 'abc'$/],
    [['deposit', '0'], /but is '0'$/],
    [['withdraw', '1.0000001'], /but is '1.0000001'$/],
    [['withdraw', '1', '--sideways'], /Unknown option '--sideways'/],
  ])('refuses %j with what it should be', async (args, sentence) => {
    const { code, notes } = await run(dataDir, ...args);
    expect([code, notes[0]]).toEqual([2, expect.stringMatching(sentence)]);
    expect(notes[1]).toBe('"npm run settlement -- --help" lists commands and options');
  });

  it(
    'shows how far settlement is, and proves that journal, ledger and chain agree',
    async () => {
      const { code, out } = await run(dataDir, 'verify');
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(
          /^all agree at batch \d+: 1 accounts, 0 positions, 3 markets, \d+ batches\n$/,
        ),
      ]);
      const status = await run(dataDir, 'status');
      expect(status.code).toBe(0);
      expect(status.out).toMatch(/^deposits +1 credited$/m);
      expect(status.out).toMatch(/^withdrawals +1 completed/m);
      expect((await run(dataDir, 'dead-letters')).code).toBe(0);
    },
    WITHIN_MS,
  );

  // It waits longer than the freeze delay: `.ci/run` does.
  it.skipIf(process.env.PLIMSOLL_LONG === undefined)(
    'gets an owner out alone when the operator is silent, and once',
    async () => {
      expect(await exchange.process.stop()).toBe(0);
      const early = await run(dataDir, 'escape');
      expect([early.code, early.notes[0]]).toEqual([
        1,
        'nobody has asked the chain for a withdrawal: begin with request-exit',
      ]);
      const asked = await run(dataDir, 'request-exit', '100');
      expect(asked).toMatchObject({
        code: 0,
        out: 'asked; when it is not served within 60 s, "escape" needs no operator\n',
      });
      expect((await run(dataDir, 'escape')).code).toBe(1);
      await sleep(FREEZE_DELAY_MS + 2_000);
      const escaped = await run(dataDir, 'escape');
      expect(escaped).toMatchObject({ code: 0, out: 'escaped with 749.500000 USDC\n' });
      const { out } = await run(dataDir, 'balance', '--json');
      expect(JSON.parse(out)).toMatchObject({ wallet: '100000.000000', account: '0.000000' });
      expect((await run(dataDir, 'escape')).code).toBe(1);
    },
    WITHIN_MS,
  );
});
