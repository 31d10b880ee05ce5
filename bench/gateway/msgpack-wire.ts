import { pack, unpack } from 'msgpackr';
import { MESSAGES, SUBPROTOCOL_MSGPACK } from '../../gateway/protocol/messages.js';
import { REQUESTS } from '../../gateway/protocol/requests.js';
import { signWithSecret } from '../../gateway/session/api-keys.js';
import { loginText } from '../../gateway/session/login.js';
import type { Login } from './load-task.js';
import { OrderFlow } from './order-flow.js';
import type { PriceLadder } from './order-mix.js';
import { RawSocket } from './raw-socket.js';
import type { LoadWire } from './wire.js';

/** The native door, msgpack. */
export class MsgpackWire implements LoadWire {
  onAnswer: (request: number) => void = () => {};
  private readonly socket: RawSocket;
  private readonly flow: OrderFlow;

  /** Without a login it speaks to an echo. */
  static async open(port: number, login: Login | null, ladder: PriceLadder): Promise<MsgpackWire> {
    return new MsgpackWire(await openNative(port, login), ladder);
  }

  private constructor(socket: RawSocket, ladder: PriceLadder) {
    this.socket = socket;
    this.flow = new OrderFlow(ladder);
    socket.onMessage = (bytes, from) => {
      const request = this.flow.answer(bytes, from);
      if (request !== 0) this.onAnswer(request);
    };
  }

  get errors(): number {
    return this.flow.answered.errors;
  }

  request(): number {
    this.socket.add(this.flow.next());
    return this.flow.request;
  }

  flush(): void {
    this.socket.flush();
  }

  close(): void {
    this.socket.close();
  }
}

/** A socket at the native door, logged in unless there is nobody to be. */
export async function openNative(
  port: number,
  login: Login | null,
  isOneOfMany = false,
): Promise<RawSocket> {
  const subprotocol = SUBPROTOCOL_MSGPACK;
  const socket = await RawSocket.open({ port, path: '/v1', subprotocol }, isOneOfMany);
  if (login !== null) await logIn(socket, login);
  return socket;
}

async function logIn(socket: RawSocket, login: Login): Promise<void> {
  const hello = await nextMessage(socket);
  if (hello[0] !== MESSAGES.hello.code) throw new Error(`no hello, but ${JSON.stringify(hello)}`);
  const challenge = hello[1 + MESSAGES.hello.fields.indexOf('challenge')] as string;
  const time = hello[1 + MESSAGES.hello.fields.indexOf('time')] as number;
  const { apiKey, apiSecret, venue } = login;
  const signature = signWithSecret(apiSecret, loginText(venue, challenge, time));
  socket.send(pack([REQUESTS.login.code, 1, null, apiKey, challenge, time, signature]));
  const done = await nextMessage(socket);
  if (done[0] !== MESSAGES.done.code) throw new Error(`login failed: ${JSON.stringify(done)}`);
}

function nextMessage(socket: RawSocket): Promise<unknown[]> {
  return new Promise((resolve) => {
    socket.onMessage = (bytes, from, to) => resolve(unpack(bytes.subarray(from, to)));
  });
}
