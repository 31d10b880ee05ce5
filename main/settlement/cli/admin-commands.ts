import { pause, unpause } from '../../../settlement/program/admin-instructions.js';
import type { Output } from '../../journal/command-line.js';
import { keyFile, readKey } from '../chain-keys.js';
import type { ChainAccess } from './chain-access.js';
import type { CommandLine } from './command-line.js';

/** A signed unpausing that is kept back must not start the exchange another day. */
const VALID_SECONDS = 600;

/** Stops deposits, batches and withdrawals on chain, with the operator's key; forced withdrawals and the way out stay open. */
export async function pauseExchange(line: CommandLine, { chain }: ChainAccess, output: Output) {
  const operator = readKey(keyFile(line.dataDir, 'operator'));
  const authority = operator.publicKey;
  const step = pause({ exchange: chain.exchange, authority });
  const signature = await chain.sendAs(operator, 'pausing', [step]);
  output.out(
    line.json ? `${JSON.stringify({ signature })}\n` : 'the exchange on chain is paused\n',
  );
}

/** Starts it again, with the administrator's key. */
export async function unpauseExchange(line: CommandLine, { chain }: ChainAccess, output: Output) {
  const admin = readKey(keyFile(line.dataDir, 'admin'));
  const validUntilSeconds = BigInt(Math.floor(Date.now() / 1_000) + VALID_SECONDS);
  const { exchange } = chain;
  const step = unpause({ exchange, admin: admin.publicKey, validUntilSeconds });
  const signature = await chain.sendAs(admin, 'unpausing', [step]);
  output.out(
    line.json ? `${JSON.stringify({ signature })}\n` : 'the exchange on chain is active\n',
  );
}
