import { inspect } from 'node:util';
import { type BenchOptions, parseOptions, UsageError } from './options.js';
import { say } from './output.js';
import { WorkloadError } from './workload/format.js';

const HELP = `usage: npm run bench -- COMMAND [options]

commands
  book      order book and whole core against npm books and exchange-core, same commands
  kernels   small building blocks, with tinybench
  crowds    a shard with very many stops, brackets, far orders, liquidations …, beside one with a hundredth of them
  shard     ring to ring through a shard thread with its journal, beside the core in one thread
  gateway   order to acknowledgement over loopback WebSocket, beside a raw echo server
  doors     each door beside an echo of its kind, fan-out of books, memory of connections and of orders
  risk      sweeps of all accounts beside a bare loop, a shard that is swept, from a mark to a liquidation
  bus       packs of fills through NATS and through the embedded log, beside the raw client
  settlement  journal to ledger beside the raw client, netting, entries of a transaction, lag on the embedded chain, the engine beside it all

options
  --json            one JSON document on standard output, progress on standard error
  --rounds N        interleaved rounds (3)
  --workload FILE   book, shard: this workload instead of generated ones of mix 1 and 2
  --ops N           book, shard, risk: timed commands of a generated workload (3000000); settlement: with fewer all its parts are shorter
  --seconds N       doors: of all its windows of load together (120)
  --accounts N      book, shard: accounts that the orders are spread over (100000); risk: that are swept (1000000);
                    crowds: how many there are of each kind (100000);
                    settlement: that trade while the lag is measured (300)
  --scenario crash  risk: a fall of 30 % in two minutes, with --accounts traders (10000)
  --csv FILE        its figures second by second
  --svg FILE        a plot of price, fund and volumes by rung
  --peers           book: fail when exchange-core or another peer cannot run, instead of saying so
  --no-peers        book: our own engines only
  --engines A,B     book: these engines only; gateway: these layouts beside the echo,
                    such as spread or spread+followers
  --hgrm FILE       HDR percentile distributions, to FILE.NAME
  --help            this text

exchange-core runs when java is there and PLIMSOLL_SHARED (../shared) has bench/exchange-core.
`;

type Report = { text: string; json: unknown; holds: boolean };

const commands: Record<string, (options: BenchOptions) => Promise<Report>> = {
  book: async (options) => {
    const { runBookBench } = await import('./book/run-book.js');
    const { formatBookReport } = await import('./book/report.js');
    const report = await runBookBench(options);
    const holds = report.engines.every((engine) => engine.resultIsExpected);
    return { text: formatBookReport(report), json: report, holds };
  },
  kernels: async (options) => {
    const { runKernelBench, formatKernelsReport } = await import('./kernels/run-kernels.js');
    const report = await runKernelBench(options);
    return { text: formatKernelsReport(report), json: report, holds: true };
  },
  crowds: async (options) => {
    const { runCrowdsBench, formatCrowdsReport } = await import('./crowds/run-crowds.js');
    const report = await runCrowdsBench(options);
    return { text: formatCrowdsReport(report), json: report, holds: true };
  },
  shard: async (options) => {
    const { runShardBench } = await import('./shard/run-shard.js');
    const { formatShardReport } = await import('./shard/report.js');
    const report = await runShardBench(options);
    const hosts = report.runs.flatMap((run) => run.hosts);
    const holds = hosts.every((host) => host.resultIsExpected);
    return { text: formatShardReport(report), json: report, holds };
  },
  gateway: async (options) => {
    const { runGatewayBench } = await import('./gateway/run-gateway.js');
    const { formatGatewayReport } = await import('./gateway/report.js');
    const report = await runGatewayBench(options);
    const holds = report.notes.length === 0;
    return { text: formatGatewayReport(report), json: report, holds };
  },
  doors: async (options) => {
    const { runDoorsBench } = await import('./doors/run-doors.js');
    const { formatDoorsReport } = await import('./doors/doors-report.js');
    const report = await runDoorsBench(options);
    // A server that fails, or a client that is refused, has ended it with an error before.
    return { text: formatDoorsReport(report), json: report, holds: true };
  },
  risk: async (options) => {
    if (options.scenario !== null) return runScenario(options);
    const { runRiskBench } = await import('./risk/run-risk.js');
    const { formatRiskReport } = await import('./risk/report.js');
    const report = await runRiskBench(options);
    return { text: formatRiskReport(report), json: report, holds: true };
  },
  bus: async (options) => {
    const { runBusBench, formatBusReport } = await import('./settlement/bus.js');
    const report = await runBusBench(options);
    return { text: formatBusReport(report), json: report, holds: report.holds };
  },
  settlement: async (options) => {
    const { runSettlementBench } = await import('./settlement/run-settlement.js');
    const { formatSettlementReport } = await import('./settlement/settlement-report.js');
    const report = await runSettlementBench(options);
    // What is not settled, or not once, has ended it with an error before.
    return { text: formatSettlementReport(report), json: report, holds: true };
  },
};

/** Accounts when nobody says how many, where that is not the usual number. */
const ACCOUNTS: Record<string, number> = { risk: 1_000_000, crash: 10_000, settlement: 300 };

async function runScenario(options: BenchOptions): Promise<Report> {
  if (options.scenario !== 'crash') {
    throw new UsageError(`there is no scenario '${options.scenario}'; there is: crash`);
  }
  const { runCrash } = await import('./risk/crash/run-crash.js');
  const { formatCrashReport } = await import('./risk/crash/crash-report.js');
  const report = runCrash(options);
  return { text: formatCrashReport(report), json: report, holds: report.accountsInDebt === 0 };
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || args.includes('--help')) {
    process.stdout.write(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = commands[name];
  if (command === undefined) throw new UsageError(`there is no benchmark '${name}'; try --help`);
  const isCrash = name === 'risk' && rest.includes('crash');
  const options = parseOptions(rest, ACCOUNTS[isCrash ? 'crash' : name]);
  const report = await command(options);
  process.stdout.write(
    options.json ? `${JSON.stringify(report.json, null, 1)}\n` : `${report.text}\n`,
  );
  if (!report.holds) say('some results are not as expected, see the report');
  return report.holds ? 0 : 1;
}

/** What a wrong file causes: a sentence says all. Anything else is shown with its stack. */
function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error instanceof WorkloadError || 'syscall' in error;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  say(isUsage || isExpected(error) ? error.message : inspect(error));
  process.exitCode = isUsage ? 2 : 1;
}
