import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { syncDirectory } from './chain-log.js';
import { EmbeddedChain } from './embedded-chain.js';
import type { ChainReady } from './process-client.js';
import { RpcFront } from './rpc-front.js';
import { RpcServer } from './rpc-server.js';

/**
 * The embedded chain as a process of its own: FOLDER PORT. When it serves it prints one line
 * `ready {"port":…}`, and sends the same with the operator's token to a parent that forked it. Ends on
 * SIGTERM, SIGINT, or when that parent is gone. A chain that can no longer write ends with code 1.
 */
const [folder, portText = '0'] = process.argv.slice(2);
if (folder === undefined || !/^\d{1,5}$/.test(portText)) {
  process.stderr.write('usage: process.js FOLDER [PORT]\n');
  process.exit(2);
}

try {
  await serve(folder, Number(portText));
} catch (error) {
  process.stderr.write(`chain: ${(error as Error).message}\n`);
  process.exit(1);
}

async function serve(directory: string, port: number): Promise<void> {
  const chain = EmbeddedChain.open({ folder: directory });
  for (const notice of chain.notices) process.stderr.write(`chain: ${notice}\n`);
  const token = readToken(directory);
  const server = await RpcServer.listen(new RpcFront(chain, { token }), port);
  const { hash, testUsdcMint } = chain.genesis;
  const ready = { port: server.port, genesisHash: hash, testUsdcMint };
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    await server.close();
    await chain.close();
    process.exit(0);
  };
  const endOrFail = () => {
    end().catch((error: Error) => {
      process.stderr.write(`chain: ${error.message}\n`);
      process.exit(1);
    });
  };
  process.once('SIGTERM', endOrFail);
  process.once('SIGINT', endOrFail);
  process.once('disconnect', endOrFail);
  void chain.halted.then((error) => {
    process.stderr.write(`chain: ${error.message}\n`);
    // The answers that say so are given time to leave.
    setTimeout(() => process.exit(1), 100);
  });
  process.stdout.write(`ready ${JSON.stringify(ready)}\n`);
  // The parent may have gone while the chain was opened; nobody would say it again.
  if (process.connected === false) endOrFail();
  else {
    // The exchange may have ended in this moment.
    process.send?.({ ...ready, token } satisfies ChainReady, undefined, undefined, () => {});
  }
}

/** Made at the first start; only the user of this process may read it. */
function readToken(directory: string): string {
  const file = path.join(directory, 'operator-token');
  if (fs.existsSync(file)) {
    const token = fs.readFileSync(file, 'utf8').trim();
    if (token !== '') return token;
  }
  const token = randomBytes(24).toString('base64url');
  const temporary = `${file}.new`;
  fs.writeFileSync(temporary, `${token}\n`, { mode: 0o600, flush: true });
  fs.renameSync(temporary, file);
  syncDirectory(directory);
  return token;
}
