/**
 * Drives the bus on a cluster of three NATS nodes, all streams in three copies, and takes nodes away under load:
 *
 *   node .ci/nats-cluster.mjs [KILLS]
 *
 * Prints one line for each check and "checks: N of M held".
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { check, finish, must, same } from './exchange.mjs';

const root = path.resolve(import.meta.dirname, '..');
execFileSync(process.execPath, ['main/setup.mjs', 'build'], { cwd: root, stdio: 'inherit' });
const load = (file) => import(path.join(root, 'dist/settlement/bus', file));
const { findNatsServer } = await load('server/find-nats-server.js');
const { startNatsServer } = await load('server/server-process.js');
const { openNatsBus } = await load('nats/nats-bus.js');

const kills = Number(process.argv[2] ?? 4);
const SUBJECTS = ['fills.0', 'fills.1', 'fills.2'];
const OUTAGE_MS = 12_000;
/** An election takes 6 to 18 s, and longer where others load the machine: how long is printed, not checked. */
const ELECTION_MS = 120_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-cluster-'));
const nodes = [];

async function startCluster() {
  const { NATS_URL: _, ...environment } = process.env;
  const found = await findNatsServer({ environment });
  must(found.kind === 'binary', found.sentence);
  const free = await freePorts(6);
  const [ports, routePorts] = [free.slice(0, 3), free.slice(3)];
  for (let n = 0; n < 3; n++) {
    const cluster = {
      serverName: `node-${n}`,
      routePort: routePorts[n],
      otherRoutePorts: routePorts.filter((each) => each !== routePorts[n]),
      token: 'cluster',
    };
    const options = {
      binary: found.path,
      folder: path.join(folder, `node-${n}`),
      port: ports[n],
      cluster,
    };
    nodes.push({ options, server: null });
  }
  await Promise.all(nodes.map(startNode));
  return { servers: ports.map((port) => `127.0.0.1:${port}`), token: 'cluster' };
}

/** All are held until the last one is found: one that was given back may be given again. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer());
  for (const server of servers) {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function startNode(node) {
  node.server = await startNatsServer(node.options);
}

/** Kills the process by force, and nobody starts it again. */
async function killNode(node) {
  process.kill(node.server.pid, 'SIGKILL');
  await node.server.close();
  node.server = null;
}

/** A connection of its own, to ask who leads the stream. */
async function leaderOf(address) {
  const endMs = Date.now() + ELECTION_MS;
  while (Date.now() < endMs) {
    try {
      const connection = await connect({ ...address, timeout: 1_000 });
      try {
        const manager = await jetstreamManager(connection, { timeout: 1_000 });
        const { cluster } = await manager.streams.info('fills');
        if (cluster?.leader) return nodes[Number(cluster.leader.slice('node-'.length))];
      } finally {
        await connection.close();
      }
    } catch {
      // An election is under way.
    }
    await sleep(200);
  }
  throw new Error(`the stream has no leader within ${ELECTION_MS} ms`);
}

/** Publishes numbers to a subject, some hundred under way, until told to stop. */
async function publishNumbers(bus, subject, log) {
  const underWay = new Set();
  for (let number = 1; !log.stop; number++) {
    const stored = bus.publish(subject, Buffer.from(`${number}`), `${subject}-${number}`).then(
      () => {
        log.stored.set(subject, (log.stored.get(subject) ?? 0) + 1);
        const now = Date.now();
        log.longestGapMs = Math.max(log.longestGapMs, now - log.lastMs);
        log.lastMs = now;
      },
      (error) => {
        if (!log.stop) console.log(`        ${subject}: ${error}`);
        log.rejected.push(String(error));
        log.stop = true;
      },
    );
    underWay.add(stored);
    stored.finally(() => underWay.delete(stored));
    if (underWay.size >= 200) await Promise.race(underWay);
    else if (number % 20 === 0) await sleep(1);
  }
  await Promise.all(underWay);
}

async function readNumbers(source, log) {
  for await (const message of source) {
    const number = Number(Buffer.from(message.data).toString());
    const before = log.read.get(message.subject) ?? 0;
    if (number === before + 1) log.read.set(message.subject, number);
    else if (number > before + 1 || message.redeliveries === 0)
      log.disorder.push(`${message.subject}: ${number} after ${before}`);
    else log.repeated++;
    message.ack();
  }
}

/** What a node said last of leaders and of trouble; most of its lines are about connections. */
function printLog({ options }) {
  const lines = fs.readFileSync(path.join(options.folder, 'nats-server.log'), 'utf8').split('\n');
  const notable = lines.filter((line) => /WRN|ERR|FTL|leader/.test(line) && !/rout/i.test(line));
  console.log([options.folder, ...notable.slice(-40)].join('\n        '));
}

const address = await startCluster();
const bus = await openNatsBus({ address, replicas: 3, patienceMs: ELECTION_MS });
const source = await bus.consume('fills', 'ledger');
const log = {
  stop: false,
  stored: new Map(),
  read: new Map(),
  rejected: [],
  disorder: [],
  repeated: 0,
  longestGapMs: 0,
  lastMs: Date.now(),
};
const reading = readNumbers(source, log);
const publishing = SUBJECTS.map((subject) => publishNumbers(bus, subject, log));
const total = () => [...log.stored.values()].reduce((sum, count) => sum + count, 0);

async function untilStored(more, sentence) {
  const wanted = total() + more;
  const endMs = Date.now() + ELECTION_MS;
  while (Date.now() < endMs && total() < wanted && log.rejected.length === 0) await sleep(100);
  must(
    total() >= wanted,
    `${sentence}: ${total()} of ${wanted} stored; ${JSON.stringify(bus.status())}`,
  );
}

await check('stores in three copies', async () => {
  await untilStored(1_000, 'without faults');
});
for (let kill = 1; kill <= kills; kill++) {
  await check(`goes on after kill ${kill} of the leader`, async () => {
    await sleep(Math.random() * 1_000);
    const leader = await leaderOf(address);
    await killNode(leader);
    try {
      await untilStored(1_000, 'without the old leader');
    } finally {
      await startNode(leader);
    }
    await untilStored(200, 'with all nodes again');
  });
}
await check(`keeps what is published for ${OUTAGE_MS / 1_000} s without a quorum`, async () => {
  const killed = nodes.slice(0, 2);
  for (const node of killed) await killNode(node);
  const before = total();
  await sleep(OUTAGE_MS);
  const [stored, { available }] = [total(), bus.status()];
  await Promise.all(killed.map(startNode));
  must(stored <= before + 600, 'nothing can be stored without a quorum');
  must(available === false, 'the status must say so');
  await untilStored(1_000, 'with a quorum again');
  must(log.longestGapMs >= OUTAGE_MS - 1_000, `the outage took ${log.longestGapMs} ms`);
});
log.stop = true;
await Promise.all(publishing);
await check('rejected nothing', () => same(log.rejected, [], 'rejections'));
await check('stored exactly what was acknowledged', async () => {
  for (const subject of SUBJECTS) {
    const last = await bus.last(subject);
    same(Number(Buffer.from(last.data).toString()), log.stored.get(subject), subject);
  }
});
await check('delivers everything in order, each once or as redelivered', async () => {
  for (const subject of SUBJECTS) {
    for (let n = 0; n < 300 && log.read.get(subject) !== log.stored.get(subject); n++)
      await sleep(100);
    same(log.read.get(subject), log.stored.get(subject), `what was read of ${subject}`);
  }
  same(log.disorder, [], 'disorder');
});
const { sentAgain, reconnects } = bus.status();
console.log(
  `        ${total()} stored, ${sentAgain} sent again, ${reconnects} reconnects, ${log.repeated} redelivered, longest outage ${log.longestGapMs} ms`,
);
await bus.close();
await reading;
for (const node of nodes) await node.server?.close();
if (log.rejected.length > 0) for (const node of nodes) printLog(node);
fs.rmSync(folder, { recursive: true, force: true });
finish();
