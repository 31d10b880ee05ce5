import type { Commitment, Connection, SignatureStatus } from '@solana/web3.js';
import type { EndpointAnswer, EndpointPool } from './endpoint-pool.js';

/** What must be known of a transaction to find out what became of it. */
export interface SentTransaction {
  signature: string;
  /** Highest block at which the chain can still take it in. */
  lastValidBlockHeight: number;
}

/**
 * `landed`: the chain took it in and executed it (`err` null) or not. `expired`: it did not, and never
 * will. `pending`: it still may, or too few endpoints say what became of it.
 */
export type Fate =
  | { kind: 'landed'; slot: number; err: unknown }
  | { kind: 'expired' }
  | { kind: 'pending'; disagreement: string | null };

const RANK: Readonly<Record<Commitment, number>> = {
  processed: 0,
  recent: 0,
  single: 1,
  singleGossip: 1,
  confirmed: 1,
  root: 2,
  max: 2,
  finalized: 2,
};

type Landed = Extract<Fate, { kind: 'landed' }>;
type Report = Landed | { kind: 'expired' | 'open' };

/**
 * Asks all endpoints what became of a transaction. Only what as many say as the pool wants is
 * believed: a node that calls a transaction final which another does not know is not, and neither is one that
 * calls it expired while another has it.
 */
export async function findFate(pool: EndpointPool, sent: SentTransaction): Promise<Fate> {
  const reports = await pool.askAll((connection) => report(connection, sent, pool.commitment));
  const landed = reports.flatMap(({ answer }) => (answer.kind === 'landed' ? [answer] : []));
  const expired = reports.filter(({ answer }) => answer.kind === 'expired');
  if (landed.length === 0) {
    if (expired.length >= pool.agreement) return { kind: 'expired' };
    return { kind: 'pending', disagreement: null };
  }
  const agreed = largestAgreement(landed);
  if (agreed.length >= pool.agreement) return agreed[0] as Landed;
  const isContradicted = expired.length > 0 || landed.length > agreed.length;
  return { kind: 'pending', disagreement: isContradicted ? describe(reports) : null };
}

async function report(
  connection: Connection,
  { signature, lastValidBlockHeight }: SentTransaction,
  commitment: Commitment,
): Promise<Report> {
  const early = (await connection.getSignatureStatuses([signature])).value[0] ?? null;
  if (early !== null) return reportOf(early, commitment);
  // Only final blocks count: one that is taken back could be followed by a lower one.
  const { absoluteSlot, blockHeight = 0 } = await connection.getEpochInfo('finalized');
  if (blockHeight <= lastValidBlockHeight) return { kind: 'open' };
  const search = { searchTransactionHistory: true };
  const { context, value } = await connection.getSignatureStatuses([signature], search);
  const late = value[0] ?? null;
  if (late !== null) return reportOf(late, commitment);
  // Behind one address can be several nodes: this one has to have come as far as the one before.
  return { kind: context.slot >= absoluteSlot ? 'expired' : 'open' };
}

function reportOf(status: SignatureStatus, commitment: Commitment): Report {
  const reached = RANK[status.confirmationStatus ?? 'processed'] ?? 0;
  if (reached < RANK[commitment]) return { kind: 'open' };
  return { kind: 'landed', slot: status.slot, err: status.err };
}

function largestAgreement(landed: readonly Landed[]): readonly Landed[] {
  const groups = new Map<string, Landed[]>();
  for (const one of landed) {
    const key = JSON.stringify(one);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}

function describe(reports: readonly EndpointAnswer<Report>[]): string {
  return reports.map(({ endpoint, answer }) => `${endpoint}: ${JSON.stringify(answer)}`).join('; ');
}
