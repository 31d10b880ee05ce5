import fs from 'node:fs';
import path from 'node:path';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { SettlementLedger } from './ledger.js';
import { MARKETS, RandomJournal } from './testing/random-journal.js';
import { NO_LIMITS } from './testing/scratch.js';

/**
 * Settles a random journal until it is killed or done: takes messages in, some twice, builds batches, and settles them on a chain that
 * is a file; each round says a dot. After so many rounds it only waits for its end, however late that comes. What it has acknowledged is a file too, written after the commit, so a kill makes messages come again.
 */
const [dataDir = '', seed = '1', steps = '1', roundsMax = '1'] = process.argv.slice(2);
const journal = new RandomJournal(Number(seed), 25).run(Number(steps));
const messages = journal.messages(4);
const random = new Xorshift(process.pid);
const ackFile = path.join(dataDir, 'acknowledged');
const chainFile = path.join(dataDir, 'chain');
const ledger = new SettlementLedger({ dataDir });

function chainHead(): { lastSequence: number; lastHash: Uint8Array } {
  if (!fs.existsSync(chainFile)) return { lastSequence: 0, lastHash: new Uint8Array(32) };
  const [sequence = '', hash = ''] = fs.readFileSync(chainFile, 'utf8').split(' ');
  return { lastSequence: Number(sequence), lastHash: Buffer.from(hash, 'hex') };
}

/** As a chain would: the next batch is taken, one that is there already changes nothing, anything else is refused. */
function settleOne(): void {
  const [batch] = ledger.batches.unsettled(1);
  if (batch === undefined) return;
  ledger.batches.markSubmitted(batch.sequence);
  const { lastSequence, lastHash } = chainHead();
  if (batch.sequence !== lastSequence + 1) throw new Error('a batch is missing or comes twice');
  if (!Buffer.from(batch.previousHash).equals(lastHash)) throw new Error('hashes do not follow');
  const hash = Buffer.from(batch.hash).toString('hex');
  fs.writeFileSync(`${chainFile}.new`, `${batch.sequence} ${hash}`);
  fs.renameSync(`${chainFile}.new`, chainFile);
  if (random.chance(80)) ledger.batches.markSettled(batch.sequence);
  else ledger.reconcile(chainHead());
}

function take(at: number): number {
  const group = messages.slice(at, at + random.between(1, 8));
  for (const { isDone, error } of ledger.ingest(group)) {
    if (!isDone || error !== null) throw error ?? new Error('a message was not taken');
  }
  const end = at + group.length;
  fs.writeFileSync(`${ackFile}.new`, String(end));
  fs.renameSync(`${ackFile}.new`, ackFile);
  return random.chance(10) ? Math.max(0, end - 10) : end;
}

if (ledger.reconcile(chainHead()).kind === 'halt') throw new Error('ledger and chain differ');
let at = fs.existsSync(ackFile) ? Number(fs.readFileSync(ackFile, 'utf8')) : 0;
for (let round = 1; ; round++) {
  process.stdout.write('.');
  if (round >= Number(roundsMax)) await new Promise((resolve) => setTimeout(resolve, 600_000));
  if (at < messages.length) at = take(at);
  for (const [slot, { marketId }] of MARKETS.entries()) {
    ledger.catalogue.setMarketSlot(marketId, slot);
  }
  const { isFull } = ledger.buildBatch({ ...NO_LIMITS, itemsMax: 60, entriesMax: 30 });
  settleOne();
  const isDone = ledger.batches.unsettled(1).length === 0 && ledger.waiting().items === 0;
  if (at >= messages.length && !isFull && isDone) break;
}
ledger.close();
process.stdout.write('done');
