import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import type { Keypair } from '@solana/web3.js';
import { associatedTokenAccount } from '../../../settlement/chain/token-instructions.js';
import { usdText } from '../../../settlement/custody/usd-text.js';
import type { UserRow } from '../../../settlement/program/accounts.js';
import { authorisationBytes } from '../../../settlement/program/authorisation.js';
import { requestForced } from '../../../settlement/program/exit-instructions.js';
import type { Output } from '../../journal/command-line.js';
import { readKey } from '../chain-keys.js';
import type { ChainAccess } from './chain-access.js';
import { type CommandLine, microUsdOf } from './command-line.js';

/** How long a signature is good for: settlement has so long to pay, or gives back. */
const LIVES_SECONDS = 3_600;
const FINAL = ['completed', 'refused', 'givenBack'];
const POLL_MS = 500;
/** Until the chain's finality and a window of settlement have passed, several times over. */
const CREDITED_WITHIN_MS = 60_000;

/** Somebody who owns an account, and what he asks of the chain. */
export interface Owner {
  readonly key: Keypair;
  readonly row: UserRow;
}

/** @throws Error when the key owns no account. */
export async function ownerOf(line: CommandLine, { chain }: ChainAccess): Promise<Owner> {
  const key = readKey(line.key ?? path.join(line.dataDir, 'demo-key.json'));
  for await (const row of chain.reader.allRows()) {
    if (row.owner.equals(key.publicKey)) return { key, row };
  }
  throw new Error(
    `${key.publicKey.toBase58()} owns no account on chain: an operator makes one with POST /admin/v1/accounts {"publicKey"}`,
  );
}

export async function showBalance(line: CommandLine, access: ChainAccess, output: Output) {
  const { key, row } = await ownerOf(line, access);
  const balance = {
    accountId: row.accountId,
    owner: key.publicKey.toBase58(),
    wallet: usdText(await access.chain.tokensOf(key.publicKey)),
    account: usdText(row.collateralMicroUsd),
    positions: row.positions.map(({ slot, lots }) => ({ slot, lots: String(lots) })),
  };
  if (line.json) output.out(`${JSON.stringify(balance)}\n`);
  else {
    output.out(
      `account ${balance.accountId} of ${balance.owner}\n` +
        `wallet   ${balance.wallet} USDC\naccount  ${balance.account} USD on chain, ${balance.positions.length} positions\n`,
    );
  }
}

export async function deposit(line: CommandLine, access: ChainAccess, output: Output) {
  const { chain, place } = access;
  const { key, row } = await ownerOf(line, access);
  const microUsd = microUsdOf(line.operand);
  const has = await chain.tokensOf(key.publicKey);
  if (has < microUsd) {
    const wallet = key.publicKey.toBase58();
    throw new Error(
      `the wallet ${wallet} has ${usdText(has)} USDC, less than ${usdText(microUsd)}`,
    );
  }
  const { accountId } = row;
  const signature = await chain.depositFor(accountId, microUsd, key);
  output.note(`deposit ${signature}: on chain`);
  const state = await creditOf(`${place.custodyUrl}/v1/deposits?accountId=${accountId}`, signature);
  const done = { accountId, amount: usdText(microUsd), signature, state };
  if (line.json) output.out(`${JSON.stringify(done)}\n`);
  else if (state === 'credited') {
    output.out(`deposited ${done.amount} USD into account ${accountId}\n`);
  } else {
    output.out(
      `${done.amount} USD are on chain for account ${accountId}; they can be traded with when the exchange runs and has seen them\n`,
    );
  }
}

/** Waits until the exchange has taken a deposit for collateral; `onChain`: it does not run, or has not yet. */
async function creditOf(url: string, signature: string): Promise<'credited' | 'onChain'> {
  const end = performance.now() + CREDITED_WITHIN_MS;
  while (performance.now() < end) {
    const found = await seenDeposit(url, signature);
    if (found === null) return 'onChain';
    if (found.state === 'credited') return 'credited';
    if (found.state === 'refused') throw new Error(`the exchange refused it: ${found.reason}`);
    await sleep(POLL_MS);
  }
  return 'onChain';
}

/** Null: nobody answers there. */
async function seenDeposit(url: string, signature: string): Promise<Progress | null> {
  let answer: { data?: (Progress & { signature: string })[] };
  try {
    answer = (await (await fetch(url)).json()) as typeof answer;
  } catch {
    return null;
  }
  const found = answer.data?.find((deposit) => deposit.signature === signature);
  return found ?? { state: 'unseen', reason: null };
}

export async function withdraw(line: CommandLine, access: ChainAccess, output: Output) {
  const { chain, place } = access;
  const { key, row } = await ownerOf(line, access);
  // Nonces only rise; the clock in milliseconds is one that nobody has to remember.
  const nonce = Date.now();
  const destination = associatedTokenAccount(key.publicKey, chain.mint);
  const expiresAt = Math.floor(nonce / 1_000) + LIVES_SECONDS;
  const amountMicroUsd = microUsdOf(line.operand);
  const message = authorisationBytes({
    exchange: chain.exchange,
    accountId: row.accountId,
    nonce: BigInt(nonce),
    amountMicroUsd,
    destination,
    expiresAtSeconds: BigInt(expiresAt),
  });
  const body = {
    accountId: row.accountId,
    nonce,
    amount: usdText(amountMicroUsd),
    destination: destination.toBase58(),
    expiresAt,
    signature: base58.encode(ed25519.sign(message, key.secretKey.slice(0, 32))),
  };
  let shown = '';
  for (let asked = await ask(`${place.custodyUrl}/v1/withdrawals`, body); ; ) {
    if (asked.state !== shown) output.note(`withdrawal ${asked.id}: ${asked.state}`);
    shown = asked.state;
    if (FINAL.includes(asked.state)) {
      if (line.json) output.out(`${JSON.stringify(asked)}\n`);
      if (asked.state !== 'completed') throw new Error(`it was ${asked.state}: ${asked.reason}`);
      if (!line.json) output.out(`paid ${body.amount} USDC into the wallet\n`);
      return;
    }
    await sleep(POLL_MS);
    asked = await ask(`${place.custodyUrl}/v1/withdrawals/${asked.id}`, null);
  }
}

export async function requestExit(line: CommandLine, access: ChainAccess, output: Output) {
  const { chain } = access;
  const { key, row } = await ownerOf(line, access);
  const step = requestForced({
    exchange: chain.exchange,
    mint: chain.mint,
    owner: key.publicKey,
    accountId: row.accountId,
    amountMicroUsd: microUsdOf(line.operand),
    destination: associatedTokenAccount(key.publicKey, chain.mint),
  });
  const signature = await chain.sendAs(key, 'the request', [step]);
  const delay = (await chain.state())?.limits.freezeDelaySeconds;
  if (line.json) output.out(`${JSON.stringify({ signature })}\n`);
  else {
    output.out(`asked; when it is not served within ${delay} s, "escape" needs no operator\n`);
  }
}

/** Of a deposit or a withdrawal, as the door of both tells it. */
interface Progress {
  state: string;
  reason: string | null;
}

interface Asked extends Progress {
  id: number;
}

async function ask(url: string, body: object | null): Promise<Asked> {
  const request = body === null ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(url, request);
  const answer = (await response.json()) as Asked & { error?: { code: string; message: string } };
  if (response.ok) return answer;
  throw new Error(`${answer.error?.code}: ${answer.error?.message}`);
}
