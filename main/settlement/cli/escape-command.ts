import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { SettlementChain } from '../../../settlement/chain/settlement-chain.js';
import { associatedTokenAccount } from '../../../settlement/chain/token-instructions.js';
import { usdText } from '../../../settlement/custody/usd-text.js';
import type { ExchangeState } from '../../../settlement/program/accounts.js';
import { PAGE_ROWS } from '../../../settlement/program/addresses.js';
import {
  escapeFunds,
  fixExitPrice,
  freeze,
  tally,
} from '../../../settlement/program/exit-instructions.js';
import type { Output } from '../../journal/command-line.js';
import type { ChainAccess } from './chain-access.js';
import type { CommandLine } from './command-line.js';
import { ownerOf } from './user-commands.js';

/** Rows that one transaction adds up. */
const TALLY_ROWS = 128;
/** After the freeze; the program's constant of the same name. */
const EXIT_WITHOUT_ORACLE_SECONDS = 3 * 24 * 3_600;

/** All that stands between an owner and his money when the operator is silent. Each step is for everybody, and done only when it is still missing. */
export async function escapeAlone(line: CommandLine, access: ChainAccess, output: Output) {
  const { chain } = access;
  const { key, row } = await ownerOf(line, access);
  const send = (label: string, step: TransactionInstruction) => chain.sendAs(key, label, [step]);
  const { exchange } = chain;

  if ((await stateOf(chain)).status !== 'frozen') {
    await testPrices(access);
    await freezeOverOne(await chain.forcedWithdrawals(), row.accountId, async (request) => {
      const { accountId, destination } = request;
      const owner = (await chain.rows([accountId])).get(accountId);
      const positions = owner === undefined ? [] : await chain.pricedMarkets(owner);
      await send('freezing the exchange', freeze({ exchange, accountId, destination, positions }));
    });
    output.note('the exchange is frozen');
  }
  for (const { slot, exitPriceTicks, longLots } of await chain.markets()) {
    if (exitPriceTicks !== 0n) continue;
    await testPrices(access);
    const fixAt = async (priceAccount: PublicKey | null) => {
      await send(`the exit price of slot ${slot}`, fixExitPrice({ exchange, slot, priceAccount }));
    };
    const { frozenAtSeconds } = await stateOf(chain);
    await byOracleOrWithout(longLots > 0n, frozenAtSeconds, {
      byOracle: async () => fixAt(await chain.priceAccountOfSlot(slot)),
      without: () => fixAt(null),
    });
    output.note(`the exit price of slot ${slot} is fixed`);
  }
  for (let state = await stateOf(chain); !state.isTallied; state = await stateOf(chain)) {
    const pageNumber = Number(state.talliedRows / BigInt(PAGE_ROWS));
    const { marketCount } = state;
    await send('the tally', tally({ exchange, pageNumber, marketCount, rows: TALLY_ROWS }));
  }
  const before = await chain.tokensOf(key.publicKey);
  const destination = associatedTokenAccount(key.publicKey, chain.mint);
  const { marketCount } = await stateOf(chain);
  const { accountId } = row;
  const owner = key.publicKey;
  const claim = { exchange, mint: chain.mint, owner, accountId, destination, marketCount };
  const signature = await send('the escape', escapeFunds(claim));
  const paid = usdText((await chain.tokensOf(key.publicKey)) - before);
  if (line.json) output.out(`${JSON.stringify({ accountId, paid, signature })}\n`);
  else output.out(`escaped with ${paid} USDC\n`);
}

/**
 * Fixes an exit price by the oracle, and without it where the program allows that: in a market without positions, or when the oracle has
 * had no price for three days since the freeze.
 *
 * @throws what is wrong with the oracle's price, and when it will not be needed any more
 */
export async function byOracleOrWithout(
  hasPositions: boolean,
  frozenAtSeconds: bigint,
  fix: { byOracle: () => Promise<void>; without: () => Promise<void> },
): Promise<void> {
  if (!hasPositions) return fix.without();
  try {
    await fix.byOracle();
  } catch (error) {
    const fromMs = (Number(frozenAtSeconds) + EXIT_WITHOUT_ORACLE_SECONDS) * 1_000;
    if (Date.now() > fromMs) return fix.without();
    const from = new Date(fromMs).toISOString();
    throw new Error(`${(error as Error).message}; from ${from} on it works without the oracle`);
  }
}

/**
 * Freezes the exchange over one of the requests: the caller's own first, then the others, oldest first. The program refuses those that
 * are not due and those that could not be paid whoever settled, as one whose owner has closed the account that it should go to.
 *
 * @throws what the first attempt has met, when none succeeds
 */
export async function freezeOverOne<Request extends { readonly accountId: number }>(
  requests: readonly Request[],
  ownAccountId: number,
  freezeOver: (request: Request) => Promise<void>,
): Promise<void> {
  const isOwn = ({ accountId }: Request) => accountId === ownAccountId;
  const inOrder = [...requests.filter(isOwn), ...requests.filter((request) => !isOwn(request))];
  let trouble: unknown = new Error(
    'nobody has asked the chain for a withdrawal: begin with request-exit',
  );
  for (const [at, request] of inOrder.entries()) {
    try {
      await freezeOver(request);
      return;
    } catch (error) {
      if (at === 0) trouble = error;
    }
  }
  throw trouble;
}

async function stateOf(chain: SettlementChain): Promise<ExchangeState> {
  const state = await chain.state();
  if (state === null) throw new Error('the chain does not know the exchange');
  return state;
}

/** A test chain has no Pyth: the last prices stand for it, as if they had just been published. */
async function testPrices({ chain, embedded }: ChainAccess): Promise<void> {
  if (embedded === null) return;
  const publishTime = Math.floor(Date.now() / 1_000);
  const prices = (await chain.markets())
    .filter(({ lastPriceTicks }) => lastPriceTicks > 0n)
    .map(({ feedId, lastPriceTicks, tickMantissa, tickExponent }) => ({
      feedId: Buffer.from(feedId).toString('hex'),
      price: lastPriceTicks * tickMantissa,
      conf: 0n,
      exponent: tickExponent,
      publishTime,
    }));
  if (prices.length > 0) await chain.postPrices(prices);
}
