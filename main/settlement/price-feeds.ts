import { createHash } from 'node:crypto';

/**
 * The price feed of a market on chain, 32 bytes: Pyth's, as configured; on a test chain, where settlement posts prices itself, one of its
 * own for a market that has none. On a real chain that market waits: the program keeps a market's feed for good.
 *
 * @throws Error when a real chain's market has no feed
 */
export function feedFinder(
  feeds: Readonly<Record<string, string>>,
  isTestChain: boolean,
): (symbol: string) => Uint8Array {
  return (symbol) => {
    const known = feeds[symbol];
    if (known !== undefined) return Buffer.from(known, 'hex');
    if (!isTestChain) throw new Error(`${symbol} has no pythFeed in the configuration`);
    return createHash('sha256').update(`plimsoll-test-feed:${symbol}`).digest();
  };
}
