import { writeFileSync } from 'node:fs';
import { LatencyHistogram } from '../load/latency-histogram.js';
import { type BenchOptions, UsageError } from '../options.js';
import { say } from '../output.js';
import { conditionsNow } from '../report/conditions.js';
import { medianOf, spreadOf } from '../report/statistics.js';
import type { LoadAnswer, LoadTask } from './load-task.js';
import type { GatewayReport, LatencyReport, OpenLoopReport, TargetReport } from './report.js';
import { runLoad } from './run-load.js';
import { LADDERS, type Layout, startEcho, startExchange, type Target } from './target.js';

const LAYOUTS = ['inline', 'compact', 'spread'] as const;
/** History and settlement run as well, as `npm start` has them. */
const WITH_FOLLOWERS = '+followers';
type TargetName = 'echo' | Layout | `${Layout}${typeof WITH_FOLLOWERS}`;
const TARGETS: readonly TargetName[] = [
  'echo',
  ...LAYOUTS,
  ...LAYOUTS.map((layout) => `${layout}${WITH_FOLLOWERS}` as const),
];

const MANY = { connections: 50, inFlight: 16 };
/** Messages a second of the open loop, over ten connections. */
const OPEN_RATES = [1_000, 10_000, 30_000];
const OPEN_CONNECTIONS = 10;
const WARMUP_MS = 1_500;
const MEASURE_MS = 3_000;

/** Figures of one server in one round. */
interface Visit {
  single: LoadAnswer;
  many: LoadAnswer;
  open: LoadAnswer[];
}

export async function runGatewayBench(options: BenchOptions): Promise<GatewayReport> {
  const conditions = conditionsNow(options.rounds);
  const visits = new Map<TargetName, Visit[]>();
  const notes: string[] = [];
  const chosen = chosenTargets(options);
  for (let round = 1; round <= options.rounds; round++) {
    for (const name of chosen) {
      if (round > 1 && !visits.has(name)) continue;
      try {
        const visit = await visitTarget(name);
        visits.set(name, [...(visits.get(name) ?? []), visit]);
        say(
          `round ${round} of ${options.rounds}: ${name} ${visit.many.messagesPerSecond} messages/s`,
        );
      } catch (error) {
        const sentence = error instanceof Error ? error.message : String(error);
        notes.push(`Not measured: ${name}: ${sentence.split('\n').slice(0, 3).join(' ')}`);
        say(sentence);
      }
    }
  }
  const echo = visits.get('echo') ?? [];
  const targets = [...visits].map(([name, own]) => summarize(name, own, echo, options));
  return {
    bench: 'gateway',
    conditions,
    ...MANY,
    openConnections: OPEN_CONNECTIONS,
    notes,
    targets,
  };
}

/** The yardstick always runs. */
function chosenTargets({ engines }: BenchOptions): TargetName[] {
  for (const name of engines ?? []) {
    if (!TARGETS.includes(name as TargetName)) {
      throw new UsageError(`there is no target '${name}'; there are ${TARGETS.join(', ')}`);
    }
  }
  return TARGETS.filter((name) => name === 'echo' || engines === null || engines.includes(name));
}

/** One server at a time: another one, even idle, would take turns on the cores. */
async function visitTarget(name: TargetName): Promise<Visit> {
  const target = await startTarget(name);
  try {
    const single = await runLoad(await task(target, 1, { kind: 'closed', inFlight: 1 }));
    const { connections, inFlight } = MANY;
    const many = await runLoad(await task(target, connections, { kind: 'closed', inFlight }));
    const open: LoadAnswer[] = [];
    for (const ratePerSecond of OPEN_RATES) {
      const load = { kind: 'open', ratePerSecond } as const;
      open.push(await runLoad(await task(target, OPEN_CONNECTIONS, load)));
    }
    return { single, many, open };
  } finally {
    await target.stop();
  }
}

function startTarget(name: TargetName): Promise<Target> {
  if (name === 'echo') return startEcho();
  const hasFollowers = name.endsWith(WITH_FOLLOWERS);
  const layout = (hasFollowers ? name.slice(0, -WITH_FOLLOWERS.length) : name) as Layout;
  return startExchange({ layout, hasFollowers });
}

/** As many accounts as connections, so that no account's row is hotter than in real life. */
async function task(
  target: Target,
  connections: number,
  load: LoadTask['load'],
): Promise<LoadTask> {
  const { port, server } = target;
  const logins = await target.newLogins(connections);
  return {
    wire: 'msgpack',
    port,
    serverPid: server.pid,
    logins,
    ladders: [LADDERS[0]],
    connections,
    warmupMs: WARMUP_MS,
    measureMs: MEASURE_MS,
    load,
  };
}

function summarize(
  name: TargetName,
  own: readonly Visit[],
  echo: readonly Visit[],
  options: BenchOptions,
): TargetReport {
  const single = latencyOf(own.map((visit) => visit.single));
  const perSecond = own.map((visit) => visit.many.messagesPerSecond);
  const p50 = (visit: Visit | undefined): number =>
    visit === undefined ? Number.NaN : histogramOf([visit.single]).atPercentileNs(50);
  const open = OPEN_RATES.map((ratePerSecond, i): OpenLoopReport => {
    const answers = own.map((visit) => visit.open[i] as LoadAnswer);
    const unanswered = answers.reduce((sum, answer) => sum + answer.unanswered, 0);
    return { ratePerSecond, unanswered, ...latencyOf(answers) };
  });
  if (options.hgrm !== null) {
    writeFileSync(`${options.hgrm}.${name}-single`, histogramOf(own.map((v) => v.single)).toHgrm());
  }
  return {
    target: name,
    single,
    manyMessagesPerSecond: spreadOf(perSecond),
    manyErrorShare: medianOf(own.map(({ many }) => many.errors / Math.max(1, many.messages))),
    many: latencyOf(own.map((visit) => visit.many)),
    open,
    singleP50ToEcho: medianOf(own.map((visit, round) => p50(visit) / p50(echo[round]))),
    manyToEcho: medianOf(
      perSecond.map((rate, round) => rate / (echo[round]?.many.messagesPerSecond ?? Number.NaN)),
    ),
  };
}

/** All rounds in one histogram: the tail of the worst round belongs to the tail. */
function latencyOf(answers: readonly LoadAnswer[]): LatencyReport {
  return histogramOf(answers).summary();
}

function histogramOf(answers: readonly LoadAnswer[]): LatencyHistogram {
  const sum = new LatencyHistogram();
  for (const answer of answers) sum.addEncoded(answer.histogram);
  return sum;
}
