import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { base58 } from '@scure/base';
import { afterEach, describe, expect, it } from 'vitest';
import * as sbe from '../gateway/fixp/generated/index.js';
import { FixpClient, KEEPALIVE_MS, read } from '../gateway/fixp/testing/fixp-client.js';
import { signingKey } from '../gateway/fixp/testing/fixp-exchange.js';
import { newTrader, type Trader } from '../gateway/testing/exchange.js';
import { packageFile } from './package-root.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';
import { withoutFunding } from './testing/no-funding.js';

const CUTS = process.env.PLIMSOLL_FULL === '1' ? 200 : 25;
const ORDERS = CUTS * 20;
const running: ExchangeProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

async function start(data: string, layout: string): Promise<ExchangeProcess> {
  const files = ['--data', data, ...withoutFunding(data)];
  const args = [...files, '--oracle', 'manual', '--no-bots', '--layout', layout];
  const exchange = await ExchangeProcess.start(args);
  running.push(exchange);
  return exchange;
}

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-fixp-'));
  folders.push(folder);
  return folder;
}

async function funded(exchange: ExchangeProcess): Promise<Trader> {
  const trader = newTrader(0);
  const publicKey = base58.encode(trader.publicKey);
  const { accountId } = await exchange.admin<{ accountId: number }>('POST', 'accounts', {
    publicKey,
  });
  await exchange.admin('POST', 'deposits', { accountId, amount: '1000000' });
  return { ...trader, account: accountId };
}

function clientOf(exchange: ExchangeProcess, trader: Trader, id?: string): FixpClient {
  const port = exchange.ready.fixpPort as number;
  return new FixpClient(port, signingKey(trader.secretKey), trader.publicKey, id);
}

/** The n-th order is always the same, so that it can be sent again. */
function send(client: FixpClient, n: number): void {
  client.send(new sbe.NewOrderSingleEncoder(), (message) => {
    message
      .clOrdId(n)
      .marketId(1)
      .orderQty(1 + (n % 5))
      .ordType(sbe.OrdType.Limit);
    message.side(n % 2 === 0 ? sbe.Side.Buy : sbe.Side.Sell);
    message.price(1_000_000 + ((n * 7) % 11) - 5);
    message.timeInForce(
      n % 3 === 0 ? sbe.TimeInForce.ImmediateOrCancel : sbe.TimeInForce.GoodTillCancel,
    );
    message.selfTradePrevention(sbe.SelfTradePrevention.CancelMaker);
  });
}

/** Numbers of requests by how often they were answered; what came again by retransmission counts once. */
function answers(client: FixpClient): Map<number, number> {
  const seen = new Set<number>();
  const counts = new Map<number, number>();
  for (const message of client.received) {
    if (message.seqNo === null || seen.has(message.seqNo)) continue;
    seen.add(message.seqNo);
    const report = read(message, sbe.ExecutionReportNewDecoder);
    // All numbered messages begin with the request that they answer.
    if (!report.hasRequestSeqNo()) continue;
    counts.set(report.requestSeqNo(), (counts.get(report.requestSeqNo()) ?? 0) + 1);
  }
  return counts;
}

/** Position and collateral as the fills tell them, each message of the flow taken once. */
function foldedFills(client: FixpClient) {
  const last = { accountSeqNo: 0, position: 0, collateral: 0 };
  for (const message of client.received) {
    if (message.templateId !== sbe.ExecutionReportTradeDecoder.TEMPLATE_ID) continue;
    const fill = read(message, sbe.ExecutionReportTradeDecoder);
    if (fill.accountSeqNo() <= last.accountSeqNo) continue;
    last.accountSeqNo = fill.accountSeqNo();
    last.position = fill.position();
    last.collateral = fill.collateral();
  }
  return last;
}

describe('the binary door of a running exchange', () => {
  it.each(LAYOUTS)(
    `loses nothing and applies nothing twice, cut ${CUTS} times under load: %s`,
    async (layout) => {
      const data = scratch();
      const exchange = await start(data, layout);
      const traders = [await funded(exchange), await funded(exchange)];
      await exchange.admin('POST', 'prices', { market: 'BTC-PERP', index: '100000' });
      const [client, other] = traders.map((trader) => clientOf(exchange, trader)) as [
        FixpClient,
        FixpClient,
      ];
      await Promise.all([client.begin(), other.begin()]);
      let n = 1;
      for (let cut = 0; cut < CUTS; cut++) {
        for (let i = 0; i < ORDERS / CUTS; i++) {
          send(client, n++);
          send(other, n);
        }
        // Somewhere in between: what was sent may have come or not, and so may its answer.
        await new Promise((resolve) => setTimeout(resolve, (cut * 7) % 13));
        await client.cut();
        const firstUnanswered = firstMissing(answers(client));
        client.outgoingSeqNo = firstUnanswered;
        // The end of a connection and a new one may meet at the door.
        while (true) {
          await client.connect();
          const answer = await client.establish(KEEPALIVE_MS, firstUnanswered);
          if (answer.templateId === sbe.EstablishmentAckDecoder.TEMPLATE_ID) break;
          await client.cut();
        }
        const ack = client.all(sbe.EstablishmentAckDecoder).at(-1);
        await catchUp(client, ack?.nextSeqNo() ?? 1);
        for (let again = firstUnanswered; again < n; again++) send(client, again);
      }
      await client.until(() => answers(client).size === n - 1, 'all is answered');
      await other.until(() => answers(other).size === n - 1, 'the other one is answered');
      for (const [request, count] of answers(client))
        expect(count, `answers to ${request}`).toBe(1);
      // Answered when nothing is on its way between shards any more.
      const { moneyDifferenceMicroUsd } = await exchange.admin<{ moneyDifferenceMicroUsd: string }>(
        'GET',
        'invariants',
      );
      expect(moneyDifferenceMicroUsd).toBe('0');
      const positions = await positionsOf(client);
      const folded = foldedFills(client);
      expect(positions.position).toBe(folded.position);
      expect(positions.collateral).toBe(folded.collateral);

      // After a kill the sessions are gone, what has happened is not.
      const seen = accountSeqNos(client);
      await exchange.kill();
      const again = await start(data, layout);
      const late = clientOf(again, traders[0] as Trader, client.id);
      await late.connect();
      const middle = seen[Math.floor(seen.length / 2)] as number;
      const answer = await late.negotiate((message) =>
        message.resumeEpoch(1).resumeAccountSeqNo(middle),
      );
      const response = read(answer, sbe.NegotiationResponseDecoder);
      expect(response.accountSeqNo()).toBe(middle);
      await late.establish();
      await catchUp(late, late.all(sbe.EstablishmentAckDecoder).at(-1)?.nextSeqNo() ?? 1);
      expect(accountSeqNos(late)).toEqual(seen.filter((seqNo) => seqNo > middle));
      const after = await positionsOf(late);
      expect([after.position, after.collateral]).toEqual([
        positions.position,
        positions.collateral,
      ]);
    },
  );

  it('takes the first order of a stranger who has the example', async () => {
    const data = scratch();
    const exchange = await start(data, 'inline');
    const trader = await funded(exchange);
    await exchange.admin('POST', 'prices', { market: 'BTC-PERP', index: '100000' });
    const keyFile = path.join(data, 'keypair.json');
    fs.writeFileSync(keyFile, JSON.stringify([...trader.secretKey]));
    const example = packageFile('gateway/fixp/examples/first-order.mjs');
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [
      example,
      String(exchange.ready.fixpPort),
      keyFile,
    ]);
    expect(stdout).toBe('accepted: order 1, 10 lots at 999000 ticks\n');
  });

  it('publishes its schema', async () => {
    const exchange = await start(scratch(), 'inline');
    const { status, text } = await exchange.page(exchange.ready.port, '/v1/schema/sbe.xml');
    expect(status).toBe(200);
    expect(text).toBe(fs.readFileSync('gateway/fixp/plimsoll-sbe.xml', 'utf8'));
  });
});

function firstMissing(counts: ReadonlyMap<number, number>): number {
  let n = 1;
  while (counts.has(n)) n++;
  return n;
}

/** Asks for everything that was not seen before `nextSeqNo`. */
async function catchUp(client: FixpClient, nextSeqNo: number): Promise<void> {
  const seen = new Set(client.received.map(({ seqNo }) => seqNo));
  let from = 1;
  while (seen.has(from)) from++;
  for (; from < nextSeqNo; from += 1_000) {
    await client.askAgain(from, Math.min(1_000, nextSeqNo - from));
  }
}

/** Of all private events that a client has, in order, once each. */
function accountSeqNos(client: FixpClient): number[] {
  const found = new Set<number>();
  for (const message of client.received) {
    if (message.seqNo === null) continue;
    const report = read(message, sbe.ExecutionReportNewDecoder);
    const isEvent =
      (message.templateId <= 207 || message.templateId === 212) && report.hasAccountSeqNo();
    if (isEvent) found.add(report.accountSeqNo());
  }
  return [...found].sort((a, b) => a - b);
}

async function positionsOf(client: FixpClient) {
  const request = client.outgoingSeqNo;
  client.send(new sbe.PositionRequestEncoder(), (message) => message.requestId(1));
  const report = await client.next(
    sbe.PositionReportDecoder,
    0,
    (one) => one.requestSeqNo() === request,
  );
  const positions = report.positions();
  const position = positions.next() ? positions.position() : 0;
  return { position, collateral: report.collateral() };
}
