/** What the checks with other people's clients share: an exchange as operators start it, and counting. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of what hangs. Others load this machine too, and some of what is waited for takes a process seconds of computing. */
const WAIT_MS = 60_000;
let held = 0;
let total = 0;

export async function check(name, run) {
  total++;
  try {
    await run();
    held++;
    console.log(`ok      ${name}`);
  } catch (error) {
    console.log(`not ok  ${name}: ${error.stack ?? error}`);
  }
}

export function must(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function same(actual, expected, what) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(a === b, `${what} must be ${b}, but is ${a}`);
}

export async function within(promise, sentence) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${sentence}`)), WAIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again until the condition holds of the answer. */
export async function eventually(ask, condition, sentence) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (condition(answer)) return answer;
    if (Date.now() > end)
      throw new Error(`${sentence}; the last answer: ${JSON.stringify(answer)}`);
    await sleep(20);
  }
}

export async function startExchange(data, layout, clock = 'real') {
  const free = ['--port', '0', '--admin-port', '0', '--fixp-port', '0', '--fix-port', '0'];
  const how = [
    '--clock',
    clock,
    '--oracle',
    'manual',
    '--no-bots',
    '--settlement',
    'off',
    ...(layout === undefined ? [] : ['--layout', layout]),
    '--data',
    data,
  ];
  const child = spawn(process.execPath, ['dist/main/start.js', ...free, ...how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isReady = new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the exchange ended with code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice('ready '.length)));
    });
  });
  const ready = await within(isReady, 'the exchange').catch((error) => {
    // Who reads the log of this check would wait for its end as well.
    child.kill('SIGKILL');
    throw error;
  });
  const admin = async (name, body) => {
    const response = await fetch(`http://127.0.0.1:${ready.adminPort}/admin/v1/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ready.adminToken}`, connection: 'close' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const stop = async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  };
  return { ...ready, admin, stop };
}

/** The closing line, which the caller of the check reads; ends the process. */
export function finish() {
  console.log(`checks: ${held} of ${total} held`);
  process.exit(held === total ? 0 : 1);
}
