import type { ForcedRequest, LedgerForcedRequest } from '../ledger/forced-requests.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { ChainDoor, ForcedOnChain } from './chain-door.js';
import { ForcedAlarms } from './forced-alarms.js';

export interface ForcedWatchOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly now: () => number;
}

/** A request that is gone from the chain is found to be paid or not within seconds, as long as endpoints answer. */
const FOUND_OUT_MS = 60_000;

/**
 * Tells in time of requests that anybody may freeze the exchange over: at once when the engine does not give what is asked for, and at half
 * of the delay whatever the reason is.
 */
export class ForcedWatch {
  private readonly options: ForcedWatchOptions;
  private readonly alarms: ForcedAlarms;
  private readonly reasons = new Map<number, string>();
  private readonly goneSinceMs = new Map<number, number>();
  /** As the chain has shown it last; null: it was not asked yet. */
  private asked: readonly ForcedOnChain[] | null = null;
  private delaySeconds = 0;
  private trouble = '';

  constructor(options: ForcedWatchOptions) {
    this.options = options;
    this.alarms = new ForcedAlarms(options.ledger);
  }

  /** What the chain shows now. */
  async noteAsked(asked: readonly ForcedOnChain[]): Promise<void> {
    if (asked.length > 0) this.delaySeconds = await this.options.chain.freezeDelaySeconds();
    this.asked = asked;
    this.trouble = '';
  }

  /** Why a request is not served at present. */
  noteReason(id: number, reason: string): void {
    this.reasons.set(id, reason);
  }

  /** Nothing newer is known of the chain. */
  noteTrouble(error: Error): void {
    this.trouble = `the chain cannot be asked (${error.message})`;
  }

  /** Raises the alarms that there should be by now, and ends all others. */
  look(): void {
    const { asked } = this;
    if (asked === null) return;
    const { forced } = this.options.ledger;
    const open = forced.open();
    this.alarms.begin();
    for (const known of open) this.lookAtGone(known, asked);
    for (const shown of asked) this.lookAtAsked(shown, forced.find(shown));
    this.alarms.end();
    const ids = asked.flatMap((shown) => forced.find(shown)?.id ?? []);
    this.forgetAllBut(new Set([...open.map(({ id }) => id), ...ids]));
  }

  private lookAtAsked(shown: ForcedOnChain, known: LedgerForcedRequest | null): void {
    const halfMs = (shown.requestedAtSeconds + this.delaySeconds / 2) * 1_000;
    if (known?.state !== 'refused' && this.options.now() < halfMs) return;
    const isTried = known !== null && ['seen', 'reserved', 'refused'].includes(known.state);
    const sentence = this.sentenceOf(shown, this.reasonOf(known));
    const what = isTried ? `${sentence}. Until then it is tried again` : sentence;
    this.alarms.want(shown.accountId, 'critical', what);
  }

  private lookAtGone(known: LedgerForcedRequest, asked: readonly ForcedOnChain[]): void {
    const { id, accountId, amountMicroUsd, state, paidMicroUsd } = known;
    const what = `the request of account ${accountId} for ${amountMicroUsd} micro-USD`;
    if (state === 'seen' && paidMicroUsd > 0) {
      const why = this.reasons.get(id) ?? 'the engine has not shown yet that it takes it off';
      this.alarms.want(
        accountId,
        'critical',
        `${what} was paid by the chain; ${why}. It is asked again`,
      );
      return;
    }
    const isGone = state === 'reserved' && !asked.some((shown) => isOf(shown, known));
    if (!isGone) {
      this.goneSinceMs.delete(id);
      return;
    }
    const sinceMs = this.goneSinceMs.get(id) ?? this.options.now();
    this.goneSinceMs.set(id, sinceMs);
    if (this.options.now() - sinceMs < FOUND_OUT_MS) return;
    const sentence =
      `${what} is gone from the chain, and too few endpoints agree on what has happened there to say whether it was paid: what was taken off ` +
      'for it stays where it is until they do';
    this.alarms.want(accountId, 'warning', sentence);
  }

  private reasonOf(known: LedgerForcedRequest | null): string {
    if (this.trouble !== '') return this.trouble;
    if (known === null) return 'fewer endpoints show it than have to agree';
    const reason = this.reasons.get(known.id);
    if (reason !== undefined) return reason;
    switch (known.state) {
      case 'seen':
        return 'the engine has not shown yet that it gives it';
      case 'reserved':
        return 'what happened before it is not settled on chain yet';
      case 'refused':
        return 'the engine does not give it';
      default:
        return `the ledger has it as ${known.state}, with ${known.amountMicroUsd}`;
    }
  }

  private sentenceOf(shown: ForcedRequest, reason: string): string {
    const { accountId, amountMicroUsd, requestedAtSeconds } = shown;
    const freezeFrom = utc(requestedAtSeconds + this.delaySeconds);
    return (
      `account ${accountId} has asked the chain for ${amountMicroUsd} micro-USD at ${utc(requestedAtSeconds)} and does not get it: ${reason}. ` +
      `After ${freezeFrom} anybody may freeze the exchange over it for good, if it can be paid on chain then, or if nothing was settled for as ` +
      'long'
    );
  }

  private forgetAllBut(kept: ReadonlySet<number>): void {
    for (const id of this.reasons.keys()) if (!kept.has(id)) this.reasons.delete(id);
    for (const id of this.goneSinceMs.keys()) if (!kept.has(id)) this.goneSinceMs.delete(id);
  }
}

function isOf(shown: ForcedRequest, known: ForcedRequest): boolean {
  const { accountId, requestedAtSeconds } = known;
  return shown.accountId === accountId && shown.requestedAtSeconds === requestedAtSeconds;
}

function utc(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
