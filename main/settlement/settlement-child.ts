import fs from 'node:fs';
import { base58 } from '@scure/base';
import { PublicKey } from '@solana/web3.js';
import { openBus } from '../../settlement/bus/provide-bus.js';
import type { SettlementChain } from '../../settlement/chain/settlement-chain.js';
import { custodyRoutes } from '../../settlement/custody/custody-routes.js';
import { CustodyServer } from '../../settlement/custody/custody-server.js';
import { WithdrawalRequests } from '../../settlement/custody/withdrawal-requests.js';
import { SettlementLedger } from '../../settlement/ledger/ledger.js';
import { PAGE_ROWS, PROGRAM_ID, vaultAddress } from '../../settlement/program/addresses.js';
import {
  COMMIT_ADDRESS_BYTES_MAX,
  COMPUTE_UNITS_MAX,
} from '../../settlement/program/batch-cost.js';
import { STAGE_CAPACITY_MAX } from '../../settlement/program/sizes.js';
import { DEFAULT_EXCHANGE_LIMITS, DEFAULT_MARKET_LIMITS } from '../../settlement/program/terms.js';
import { ExchangeDoor } from '../../settlement/service/exchange-door.js';
import { LedgerBook } from '../../settlement/service/ledger-book.js';
import { ProgramChain } from '../../settlement/service/program-chain.js';
import { SettlementService } from '../../settlement/service/settlement-service.js';
import { ownHostInUrl } from '../config/hosts.js';
import { openLog } from '../observe/log.js';
import { packageFile } from '../package-root.js';
import { settlementKeys } from './chain-keys.js';
import { chainOf } from './chain-of.js';
import { readPlace, writePlace } from './cli/chain-access.js';
import { founderOf } from './founder.js';
import { feedFinder } from './price-feeds.js';
import type { SettlementFigures, SettlementReady, SettlementStart } from './settlement-start.js';
import { tellParent } from './tell-parent.js';

/** The settlement as a process of its own. Its first message says with what; it ends when the exchange does. */
const PROGRAM_FILE = 'programs/artifacts/plimsoll.so';
/** Of one batch. Notional: below the program's caps, which count at other prices; pages: what a transaction can name besides the rest. */
const BATCH_LIMITS = {
  itemsMax: 200_000,
  bytesMax: STAGE_CAPACITY_MAX,
  pagesMax: 12,
  rowsPerPage: PAGE_ROWS,
  addressBytesMax: COMMIT_ADDRESS_BYTES_MAX,
  computeUnitsMax: COMPUTE_UNITS_MAX,
  notionalMicroUsdMax: Number(DEFAULT_EXCHANGE_LIMITS.batchNotionalCapMicroUsd / 2n),
  marketNotionalMicroUsdMax: Number(DEFAULT_MARKET_LIMITS.notionalCapMicroUsd / 2n),
};
const STOP_WITHIN_MS = 5_000;
/** A newcomer can try the way out without waiting for days. */
const TEST_LIMITS = {
  ...DEFAULT_EXCHANGE_LIMITS,
  freezeDelaySeconds: 60n,
  timeLockSeconds: 60n,
};
const FIGURES_MS = 1_000;
const DEMO_MICRO_USD = 100_000_000_000n;
const DEMO_LAMPORTS = 1_000_000_000;

async function run(start: SettlementStart): Promise<void> {
  // From here on: who is let go while he is still being set up ends as well.
  const over = ended();
  const { dataDir, windowMs } = start;
  const log = openLog(dataDir, 'settlement.log');
  const ledger = new SettlementLedger({ dataDir });
  const bound = ledger.boundTo();
  const keys = settlementKeys(dataDir, start.chain.kind === 'embedded' && bound === null);
  const founder = founderOf({
    configured: start.chain.kind === 'rpc' ? start.chain.founder : null,
    noted: readPlace(dataDir)?.founder ?? null,
    admin: keys.admin?.publicKey ?? null,
    bound,
  });
  const book = new LedgerBook(ledger.transactions);
  const { chain, embedded, rpcUrl } = chainOf(start.chain, founder, keys, book, (sentence) => {
    log.error({}, sentence);
  });
  if (embedded === null) await setUpReal(chain, bound);
  else await chain.setUp(fs.readFileSync(packageFile(PROGRAM_FILE)), TEST_LIMITS);
  const state = await chain.state();
  if (state === null) throw new Error(`the chain has no exchange at ${chain.exchange.toBase58()}`);
  mustBeEqual('mint', chain.mint, state.mint);
  ledger.bindTo(chain.exchange.toBase58());
  if (embedded !== null && start.demoOwner !== null) {
    await fillWallet(start.demoOwner, chain, embedded);
  }
  const bus = await openBus(start.bus);
  const door = new ProgramChain({
    ...{ chain, book, catalogue: ledger.catalogue, operator: keys.operator, embedded },
    feedOf: feedFinder(start.feeds, embedded !== null),
    onTrouble: (sentence) => log.warn({}, sentence),
  });
  const service = new SettlementService({
    ...{ bus, ledger, chain: door, exchange: new ExchangeDoor(start.admin), windowMs },
    limits: { ...BATCH_LIMITS, entriesMax: start.batchEntriesMax },
    houseKey: keys.house.publicKey.toBytes(),
    operator: keys.operator.publicKey.toBase58(),
    say: (level, sentence) => log[level]({}, sentence),
  });
  const facts = {
    program: PROGRAM_ID.toBase58(),
    exchange: chain.exchange.toBase58(),
    mint: state.mint.toBase58(),
    vault: vaultAddress(chain.exchange).toBase58(),
    rpcUrl,
    isTestChain: embedded !== null,
  };
  const withdrawals = new WithdrawalRequests({
    ledger,
    exchange: chain.exchange,
    nowSeconds: () => Math.floor(Date.now() / 1_000),
    canReceive: (destination) => chain.reader.canReceive(destination, chain.mint),
    chainNonce: async (accountId) => (await chain.rows([accountId])).get(accountId)?.nonce ?? 0n,
  });
  const routes = custodyRoutes(facts, ledger, withdrawals);
  const onError = (error: Error) => log.error({ err: error }, `custody: ${error.message}`);
  const custody = await listen(start, routes, onError);
  writePlace(dataDir, {
    kind: start.chain.kind,
    custodyUrl: `http://${ownHostInUrl(start.host)}:${custody.port}`,
    rpcUrls: start.chain.kind === 'rpc' ? start.chain.urls : [rpcUrl as string],
    founder: state.founder.toBase58(),
    mint: facts.mint,
  });
  service.start();
  log.info({ ...facts, custodyPort: custody.port }, 'settlement runs');
  const ready: SettlementReady = { custodyPort: custody.port, exchange: facts.exchange };
  tellParent(ready);
  const figures = setInterval(() => tell(ledger), FIGURES_MS);
  await over;
  clearInterval(figures);
  // What hangs, a chain that is away perhaps, must not keep the ledger from a successor: whatever is under way is in it.
  setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
  await custody.server.close();
  await service.stop();
  await bus.close();
  ledger.close();
}

/** An exchange is made once: where one was, a chain without it is another one. */
async function setUpReal(chain: SettlementChain, bound: string | null): Promise<void> {
  if (bound !== null && (await chain.state()) === null) {
    throw new Error(
      `the chain has no exchange at ${bound}, to which the ledger belongs: settlement.rpcUrls must be of the cluster that has it`,
    );
  }
  await chain.setUp(null);
}

function mustBeEqual(name: string, configured: PublicKey, known: PublicKey): void {
  if (configured.equals(known)) return;
  throw new Error(
    `settlement.${name} must be ${known.toBase58()}, which the exchange on chain has, but is ${configured.toBase58()}`,
  );
}

/** A port that somebody else has is no reason not to settle. */
async function listen(
  start: SettlementStart,
  routes: ReturnType<typeof custodyRoutes>,
  onError: (error: Error) => void,
): Promise<{ server: CustodyServer; port: number }> {
  for (const port of [start.custodyPort, 0]) {
    const server = new CustodyServer({ host: start.host, port, routes, onError });
    try {
      return { server, port: await server.listen() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new Error('no port is free');
}

/** Once: who has spent it all does not get more. */
async function fillWallet(
  owner: string,
  chain: ReturnType<typeof chainOf>['chain'],
  embedded: NonNullable<ReturnType<typeof chainOf>['embedded']>,
): Promise<void> {
  if ((await embedded.lamportsOf(owner)) > 0) return;
  if ((await chain.tokensOf(new PublicKey(base58.decode(owner)))) > 0n) return;
  await embedded.giveTestUsdc(owner, DEMO_MICRO_USD);
  await embedded.giveLamports(owner, DEMO_LAMPORTS);
}

function tell(ledger: SettlementLedger): void {
  const { batch, lagItems, lagSeconds, feesPaidLamports, deadLetters, alarms } = ledger.progress();
  const count = (wanted: string) => alarms.filter(({ severity }) => severity === wanted).length;
  const figures: SettlementFigures = {
    builtBatch: batch.built,
    settledBatch: batch.settled,
    lagItems,
    lagSeconds,
    feesPaidLamports,
    openDeadLetters: deadLetters.open,
    alarms: { warning: count('warning'), critical: count('critical'), halt: count('halt') },
  };
  tellParent({ figures });
}

function ended(): Promise<void> {
  return new Promise((resolve) => {
    process.once('disconnect', resolve);
    process.once('SIGTERM', resolve);
  });
}

process.once('message', (start: SettlementStart) => {
  run(start).then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    },
  );
});
