import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type LedgerOptions, SettlementLedger } from '../ledger.js';
import { MARKETS } from './random-journal.js';

const folders: string[] = [];
const ledgers: SettlementLedger[] = [];

/** In memory where the system offers that: these tests commit thousands of times, and no power fails in them. */
export function makeScratch(where: 'memory' | 'disk' = 'memory'): string {
  const memory = '/dev/shm';
  const parent = where === 'memory' && fs.existsSync(memory) ? memory : os.tmpdir();
  const folder = fs.mkdtempSync(path.join(parent, 'plimsoll-ledger-'));
  folders.push(folder);
  return folder;
}

export function openLedger(
  dataDir: string,
  options: Partial<LedgerOptions> = {},
): SettlementLedger {
  const ledger = new SettlementLedger({ dataDir, ...options });
  ledgers.push(ledger);
  return ledger;
}

/** Closes what is open and removes the folders. */
export function removeScratch(): void {
  for (const ledger of ledgers.splice(0)) ledger.close();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}

/** The markets of the random journal in the slots 0, 1, 2. */
export function placeMarkets(ledger: SettlementLedger): void {
  for (const [slot, { marketId }] of MARKETS.entries()) {
    ledger.catalogue.setMarketSlot(marketId, slot);
  }
}

export const NO_LIMITS = {
  itemsMax: 10_000_000,
  entriesMax: 65_535,
  bytesMax: 10_000_000,
  pagesMax: 100_000,
  rowsPerPage: 1_024,
  addressBytesMax: Number.MAX_SAFE_INTEGER,
  computeUnitsMax: Number.MAX_SAFE_INTEGER,
  notionalMicroUsdMax: Number.MAX_VALUE,
  marketNotionalMicroUsdMax: Number.MAX_VALUE,
};
