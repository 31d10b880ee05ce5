import net from 'node:net';
import type { Config } from '../config/config.js';
import { StartError } from '../config/problem.js';
import type { Exchange } from '../exchange/exchange.js';
import type { SettlementGroup } from './settlement-group.js';

/** Null: this exchange does not settle. */
export async function startSettlement(
  exchange: Exchange,
  config: Config,
): Promise<SettlementGroup | null> {
  const { mode, chainPort, rpcUrls } = config.settlement;
  if (mode === 'off') return null;
  // By a clock of its own the exchange could not settle on any chain; and without syncs a power failure could take back what was settled.
  const isFit = config.clock === 'real' && config.fsync !== 'never';
  if (mode === 'auto' && !isFit) return null;
  // Who does not settle does not load what knows the chain.
  const { demoAccount, SettlementGroup } = await import('./settlement-group.js');
  const isTestChain = rpcUrls.length === 0;
  if (!isTestChain) await checkKeys(config);
  const demo = isTestChain ? await demoAccount(exchange, config) : null;
  const group = new SettlementGroup(exchange, config, demo, await freeOr0(chainPort));
  exchange.settlementStatus = () => group.status();
  group.start();
  return group;
}

/** The settlement would say so too, but each time that it is started again. */
async function checkKeys({ dataDir }: Config): Promise<void> {
  const { settlementKeys } = await import('./chain-keys.js');
  try {
    settlementKeys(dataDir, false);
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

/** The port when nobody has it. */
function freeOr0(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
}
