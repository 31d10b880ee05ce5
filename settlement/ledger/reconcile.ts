/** What the chain's exchange account says. */
export interface ChainHead {
  /** 0: no batch yet. */
  readonly lastSequence: number;
  readonly lastHash: Uint8Array;
}

export interface LedgerHead {
  /** 0: none. */
  readonly newestSequence: number;
  readonly settledSequence: number;
  /** Of a batch that was built, or of genesis for 0. */
  hashOf(sequence: number): Uint8Array;
}

/**
 * `equal`: both have settled the same. `chainAhead`: what was sent has landed and nobody had seen it; batches up to `settledSequence` are
 * settled. `chainBehind`: the chain has lost batches that it had confirmed; send again from `settledSequence` + 1. `halt`: one of the
 * two is not what it should be, and nothing may be sent.
 */
export type Reconciliation =
  | { readonly kind: 'equal' | 'chainAhead' | 'chainBehind'; readonly settledSequence: number }
  | {
      readonly kind: 'halt';
      readonly sentence: string;
      readonly ledgerHash: string | null;
      readonly chainHash: string;
    };

/** Compares the ledger with the chain. The chain's word counts for what has landed, the hash for what it is. */
export function reconcile(ledger: LedgerHead, chain: ChainHead): Reconciliation {
  const { lastSequence, lastHash } = chain;
  const chainHash = hex(lastHash);
  if (lastSequence > ledger.newestSequence) {
    const sentence =
      `the chain has settled batch ${lastSequence} with hash ${chainHash}, and the ledger has only built up to ${ledger.newestSequence}: ` +
      'it is an old copy, or another settlement uses the same key';
    return { kind: 'halt', sentence, ledgerHash: null, chainHash };
  }
  const ledgerHash = hex(ledger.hashOf(lastSequence));
  if (ledgerHash !== chainHash) {
    const sentence = `batch ${lastSequence} has hash ${ledgerHash} in the ledger, and ${chainHash} on chain`;
    return { kind: 'halt', sentence, ledgerHash, chainHash };
  }
  if (lastSequence === ledger.settledSequence) {
    return { kind: 'equal', settledSequence: lastSequence };
  }
  const kind = lastSequence > ledger.settledSequence ? 'chainAhead' : 'chainBehind';
  return { kind, settledSequence: lastSequence };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
