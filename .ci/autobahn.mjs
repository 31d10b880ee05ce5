/**
 * WebSocket conformance. The Autobahn cases want an echo, and the product has none: so they judge an echo over the product's own socket
 * options, in the very uWebSockets.js that it runs on (kosoku, from pip, has the cases). Then the real native door is spoken to in frames
 * laid by hand: what it must put together, what it must answer, and what it must cut off, with the exchange behind it.
 *
 *   node .ci/autobahn.mjs                     needs Python 3 with venv, and pip
 */

import uWS from 'uWebSockets.js';
import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../dist/gateway/limits.js';
import { SOCKET_BYTES_MAX, socketOptions } from '../dist/gateway/session/socket-options.js';
import { check, finish, must, same, startExchange, within } from './exchange.mjs';

const SUITE = 'kosoku==0.1.0';
/** 9: megabytes in a frame, far above what the doors take; 12 and 13: compression, which they do not offer. */
const LEFT_OUT = ['9.*', '12.*', '13.*'];
const CASES_LEAST = 240;
const GOOD = ['OK', 'NON-STRICT', 'INFORMATIONAL'];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-autobahn-'));
const bin = (name) => path.join(folder, 'venv', 'bin', name);

function install() {
  const run = (command, args) => spawnSync(command, args, { encoding: 'utf8' });
  const made = run('python3', ['-m', 'venv', path.join(folder, 'venv')]);
  const installed = made.status === 0 ? run(bin('pip'), ['install', '--quiet', SUITE]) : made;
  must(installed.status === 0, `pip could not install ${SUITE}: ${installed.stderr}`);
}

/** Sends every message back, over sockets as the native door has them. */
function listen() {
  return new Promise((resolve, reject) => {
    const app = uWS.App().ws('/*', {
      ...socketOptions(SOCKET_BYTES_MAX, DEFAULT_LIMITS.idleTimeoutS),
      message: (socket, message, isBinary) => {
        socket.send(message, isBinary);
      },
    });
    app.listen('127.0.0.1', 0, (socket) => {
      if (socket === false) reject(new Error('no port can be listened on'));
      else resolve({ port: uWS.us_socket_local_port(socket), stop: () => app.close() });
    });
  });
}

/** The cases' results by number. The echo is in this process, so the suite must not hold it up. */
async function runCases(port) {
  const excluded = LEFT_OUT.flatMap((cases) => ['-x', cases]);
  const address = `ws://127.0.0.1:${port}`;
  const args = ['-m', 'fuzzingclient', ...excluded, '-o', path.join(folder, 'report'), address];
  const child = spawn(bin('kosoku'), args, { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  const report = JSON.parse(fs.readFileSync(path.join(folder, 'report', 'index.json'), 'utf8'));
  return Object.entries(Object.values(report)[0]);
}

function frame(head, payload, mask = crypto.randomBytes(4)) {
  const bytes = Buffer.from(payload);
  const body = Buffer.from(bytes.map((byte, i) => byte ^ mask[i % 4]));
  return Buffer.concat([Buffer.from([head, 0x80 | bytes.length]), mask, body]);
}

/** A raw connection to the native door, greeted; what comes is parsed into frames of opcode and payload. */
async function connect(port) {
  const socket = net.connect(port, '127.0.0.1');
  let received = Buffer.alloc(0);
  const frames = [];
  let isOpen = false;
  let wake = () => {};
  const parse = () => {
    if (!isOpen) {
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      must(received.toString('latin1').startsWith('HTTP/1.1 101'), received.toString('latin1'));
      received = received.subarray(end + 4);
      isOpen = true;
    }
    for (;;) {
      if (received.length < 2) return;
      const short = received[1] & 0x7f;
      const from = short === 126 ? 4 : 2;
      if (received.length < from) return;
      const length = short === 126 ? received.readUInt16BE(2) : short;
      if (received.length < from + length) return;
      frames.push({ opcode: received[0] & 15, payload: received.subarray(from, from + length) });
      received = received.subarray(from + length);
    }
  };
  let ended = false;
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    parse();
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
    wake();
  });
  const key = crypto.randomBytes(16).toString('base64');
  socket.write(
    `GET /v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: plimsoll.json\r\n\r\n`,
  );
  const until = (condition, sentence) => {
    const found = new Promise((resolve) => {
      wake = () => {
        const value = condition();
        if (value) resolve(value);
      };
      wake();
    });
    return within(found, sentence);
  };
  const json = (opcode, isWanted) => () => {
    return frames.find((one) => one.opcode === opcode && isWanted(one.payload.toString()));
  };
  await until(
    json(1, (text) => text.includes('"hello"')),
    'the greeting',
  );
  return { socket, frames, until, json, hasEnded: () => ended };
}

const PING = '{"op":"ping","id":7}';
const isAnswer = (text) => text.includes('"id":7') && text.includes('"done"');

async function judgeDoor(port) {
  await check('the door answers a request that came in one frame', async () => {
    const client = await connect(port);
    client.socket.write(frame(0x81, PING));
    await client.until(client.json(1, isAnswer), 'the answer');
    client.socket.destroy();
  });
  await check(
    'the door answers one in fragments, byte by byte, with a ping in between',
    async () => {
      const client = await connect(port);
      const pieces = [...Buffer.from(PING)].map((byte, i, all) => {
        const last = i === all.length - 1 ? 0x80 : 0;
        return frame(last | (i === 0 ? 1 : 0), [byte]);
      });
      const stream = Buffer.concat([
        ...pieces.slice(0, 5),
        frame(0x89, 'mark'),
        ...pieces.slice(5),
      ]);
      for (const byte of stream) client.socket.write(Buffer.from([byte]));
      await client.until(
        client.json(10, (text) => text === 'mark'),
        'the pong',
      );
      await client.until(client.json(1, isAnswer), 'the answer');
      client.socket.destroy();
    },
  );
  await check('the door answers a close with the same code, and ends', async () => {
    const client = await connect(port);
    client.socket.write(frame(0x88, Buffer.from([0x03, 0xe8])));
    const close = await client.until(
      client.json(8, () => true),
      'the close',
    );
    same(close.payload.readUInt16BE(0), 1000, 'the code');
    await client.until(client.hasEnded, 'the end');
  });
  const wrong = [
    ['text that is no UTF-8', frame(0x81, Buffer.from([0x22, 0xc3, 0x28, 0x22]))],
    ['a reserved opcode', frame(0x83, 'x')],
    ['a reserved bit', frame(0xc1, PING)],
    ['a fragmented ping', frame(0x09, 'x')],
    ['a continuation of nothing', frame(0x80, 'x')],
    ['a new message within another one', Buffer.concat([frame(0x01, 'x'), frame(0x81, PING)])],
    ['a close with a code that nobody may send', frame(0x88, Buffer.from([0x03, 0xed]))],
    ['a close of one byte', frame(0x88, Buffer.from([0x03]))],
  ];
  for (const [what, bytes] of wrong) {
    await check(`the door ends a connection with ${what}, and does nothing of it`, async () => {
      const client = await connect(port);
      client.socket.write(Buffer.concat([bytes, frame(0x81, PING)]));
      await client.until(client.hasEnded, 'the end');
      must(client.json(1, isAnswer)() === undefined, 'what came behind must not be answered');
    });
  }
}

let echo = null;
try {
  install();
  echo = await listen();
  const results = await runCases(echo.port);
  await check(`the suite has run: ${results.length} cases`, () => {
    must(results.length >= CASES_LEAST, `at least ${CASES_LEAST} cases must have run`);
  });
  for (const [number, { behavior, behaviorClose }] of results) {
    await check(`case ${number}`, () => {
      must(GOOD.includes(behavior), `the behaviour is ${behavior}`);
      must(GOOD.includes(behaviorClose), `the behaviour at the close is ${behaviorClose}`);
    });
  }
  const exchange = await startExchange(path.join(folder, 'data'), 'inline');
  try {
    await judgeDoor(exchange.port);
  } finally {
    await exchange.stop();
  }
} finally {
  echo?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
finish();
