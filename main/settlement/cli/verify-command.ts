import type { SettlementChain } from '../../../settlement/chain/settlement-chain.js';
import { SettlementLedger } from '../../../settlement/ledger/ledger.js';
import { type ChainSide, type Verification, verify } from '../../../settlement/ledger/verify.js';
import type { Output } from '../../journal/command-line.js';
import { journalSums } from '../journal-sums.js';
import { openChainOf } from './chain-access.js';
import type { CommandLine } from './command-line.js';

/** While it runs, settlement goes on: so often a moment is looked for in which ledger and chain stand at the same batch. */
const MOMENTS_MAX = 50;

/** True when all agree. */
export async function verifyAll({ dataDir, json }: CommandLine, output: Output): Promise<boolean> {
  const access = await openChainOf(dataDir);
  try {
    const { verification, batch } = await verifyAtOneMoment(dataDir, access.chain);
    if (json) output.out(`${JSON.stringify({ batch, ...verification })}\n`);
    else output.out(describe(verification, batch));
    return verification.agrees;
  } finally {
    await access.close();
  }
}

async function verifyAtOneMoment(dataDir: string, chain: SettlementChain) {
  for (let moment = 1; ; moment++) {
    const ledger = new SettlementLedger({ dataDir, mode: 'read' });
    try {
      const before = ledger.batches.lastSettledSequence();
      const givers = new Set(ledger.transfers.all().map(({ fromAccountId }) => fromAccountId));
      const side = await chainSide(chain, [...givers]);
      // Settlement goes on while the journal is read, which takes long: the ledger must not.
      const found = ledger.atOneMoment(() => {
        const settled = ledger.batches.lastSettledSequence();
        const isOneMoment = side.lastSequence === before && settled === before;
        if (!isOneMoment && moment < MOMENTS_MAX) return null;
        // What was deposited meanwhile is read with the rows; the ledger may know it already or not yet, and says so.
        const journal = journalSums(dataDir, ledger.batches.cut(settled));
        return { verification: verify(journal, ledger.verificationSide(), side), batch: settled };
      });
      if (found !== null) return found;
    } finally {
      ledger.close();
    }
  }
}

/** Rows, markets and head as they are at one moment: read again while batches go on. */
async function chainSide(chain: SettlementChain, givers: readonly number[]): Promise<ChainSide> {
  for (;;) {
    const before = await chain.state();
    const given = await transfersOf(chain, givers);
    if (before === null) throw new Error('the chain does not know the exchange');
    const slots = await chain.markets();
    const marketIdOf = new Map(slots.map((market) => [market.slot, market.engineMarketId]));
    const rows = [];
    for await (const row of chain.reader.allRows()) {
      const positions = new Map(
        row.positions.map(({ slot, lots, entryTickLots }) => {
          return [marketIdOf.get(slot) ?? -slot - 1, { lots, entryTickLots }] as const;
        }),
      );
      const { accountId, collateralMicroUsd, depositedMicroUsd, withdrawnMicroUsd } = row;
      const { transfers } = row;
      const money = { collateralMicroUsd, depositedMicroUsd, withdrawnMicroUsd };
      rows.push({ accountId, ...money, transfers, positions });
    }
    const vaultMicroUsd = await chain.reader.vaultMicroUsd();
    const after = await chain.state();
    const isOneMoment =
      after !== null &&
      (await transfersOf(chain, givers)) === given &&
      after.lastSequence === before.lastSequence &&
      after.depositedMicroUsd === before.depositedMicroUsd &&
      after.withdrawnMicroUsd === before.withdrawnMicroUsd;
    if (!isOneMoment) continue;
    return {
      lastSequence: Number(before.lastSequence),
      lastHash: before.lastHash,
      rows,
      markets: new Map(
        slots.map((market) => [
          market.engineMarketId,
          {
            feesMicroUsd: market.feesMicroUsd,
            insuranceMicroUsd: market.insuranceMicroUsd,
            clearingMicroUsd: market.clearingMicroUsd,
            entryTickLots: market.entrySumTickLots,
            // Settlement sweeps none: what an operator has taken by hand shows up as a difference.
            feesSweptMicroUsd: 0n,
          },
        ]),
      ),
      vaultMicroUsd,
    };
  }
}

/** How many transfers each of the accounts has given by now, as a text to compare. */
async function transfersOf(chain: SettlementChain, accounts: readonly number[]): Promise<string> {
  const rows = await chain.rows(accounts);
  return accounts.map((account) => rows.get(account)?.transfers ?? 0).join();
}

function describe(verification: Verification, batch: number): string {
  const { agrees, accounts, positions, markets, batches, firstDifference, differences } =
    verification;
  const what = `${accounts} accounts, ${positions} positions, ${markets} markets, ${batches} batches`;
  if (agrees) return `all agree at batch ${batch}: ${what}\n`;
  const { what: where, journal, ledger, chain } = firstDifference ?? {};
  return (
    `${differences} differences at batch ${batch}, the first one: ${where}: journal ${journal ?? '-'}, ` +
    `ledger ${ledger ?? '-'}, chain ${chain ?? '-'} (${what})\n`
  );
}
