import { HermesSource } from '../../oracle/hermes/hermes-source.js';
import type { PriceSource } from '../../oracle/price-source.js';
import { GuardianSets } from '../../oracle/pyth/guardian-sets.js';
import { UpdateVerifier } from '../../oracle/pyth/update-verifier.js';
import type { AccountKind } from '../../oracle/solana/account-kind.js';
import { AccountSource } from '../../oracle/solana/account-source.js';
import { priceUpdateAccounts } from '../../oracle/solana/price-update-account.js';
import { pythnetAccounts } from '../../oracle/solana/pythnet-account.js';
import type { OracleTask } from './pyth-task.js';

const RETRY_FIRST_MS = 500;

/** The sources of the configuration, named by kind and place, because an address may hold a secret. */
export function pythSources({ sources, guardians, markets }: OracleTask): PriceSource[] {
  const verifier = new UpdateVerifier(new GuardianSets(guardians));
  const common = {
    feeds: [...new Set(markets.map(({ feed }) => feed))],
    silenceMaxMs: sources.silenceMaxMs,
    backOff: { firstMs: RETRY_FIRST_MS, mostMs: sources.retryMaxMs },
    // What one market's guards would let pass, a source must not shut out.
    aheadMaxMs: widest(markets.map(({ guards }) => guards.aheadMaxMs)),
    nowMs: () => Date.now(),
    random: () => Math.random(),
  };
  const hermes = sources.hermesUrls.map((url, i) => {
    const name = `hermes-${i + 1}`;
    return new HermesSource({ ...common, name, url, verifier, connectWithinMs: sources.answerMs });
  });
  const accounts = (kind: AccountKind, label: string, urls: string[], pollMs: number) => {
    return urls.map((url, i) => {
      const name = `${label}-${i + 1}`;
      const { answerMs: answerWithinMs } = sources;
      return new AccountSource({ ...common, name, url, kind, pollMs, answerWithinMs });
    });
  };
  const { solanaUrls, solanaShard, solanaPollMs, pythnetUrls, pythnetPollMs } = sources;
  return [
    ...hermes,
    ...accounts(priceUpdateAccounts(solanaShard), 'solana', solanaUrls, solanaPollMs),
    ...accounts(pythnetAccounts, 'pythnet', pythnetUrls, pythnetPollMs),
  ];
}

/** Zero means without a limit. */
function widest(limits: readonly number[]): number {
  return limits.includes(0) ? 0 : Math.max(...limits);
}
