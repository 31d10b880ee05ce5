import { createHmac } from 'node:crypto';
import type { Login } from './load-task.js';
import { OrderMix, type PriceLadder, preparedFrames } from './order-mix.js';
import { RawSocket } from './raw-socket.js';
import type { LoadWire } from './wire.js';
import { clientTextFrame } from './ws-frames.js';

/** Requests of a connection count up from here, so that their ids always have as many digits. */
const FIRST_REQUEST = 1_000_000_000;
const ID_DIGITS = 10;
/** Both requests and answers begin with it. */
const ID_AT = '{"id":'.length;
/** Of what follows the id in an answer that says yes. */
const STATUS_AT = ID_AT + ID_DIGITS + ',"status":'.length;
const ORDER_ID = Buffer.from('"orderId":');
const ZERO = 0x30;
const TWO = 0x32;

/** The Binance dialect over its WebSocket API, in a session that is logged in. */
export class BinanceWire implements LoadWire {
  onAnswer: (request: number) => void = () => {};
  errors = 0;
  private readonly socket: RawSocket;
  private readonly isEcho: boolean;
  private readonly mix = new OrderMix();
  private readonly resting: Buffer[];
  private readonly takers: Buffer[];
  private readonly symbol: string;
  private readonly restRequests = new Set<number>();
  private nextRequest = FIRST_REQUEST;

  /** Without a login it speaks to an echo. */
  static async open(port: number, login: Login | null, ladder: PriceLadder): Promise<BinanceWire> {
    const socket = await RawSocket.open({ port, path: '/ws-fapi/v1', subprotocol: '' });
    if (login !== null) await logOn(socket, login);
    return new BinanceWire(socket, login === null, ladder);
  }

  private constructor(socket: RawSocket, isEcho: boolean, ladder: PriceLadder) {
    this.socket = socket;
    this.isEcho = isEcho;
    this.symbol = ladder.binanceSymbol;
    this.resting = parameterTexts(ladder, 'rest');
    this.takers = parameterTexts(ladder, 'take');
    socket.onMessage = (bytes, from, to) => this.receive(bytes, from, to);
  }

  request(): number {
    const orderId = this.mix.next();
    const number = this.nextRequest++;
    const { frame, takes } = this.mix;
    if (orderId !== 0) {
      this.add(number, `cancel","params":{"symbol":"${this.symbol}","orderId":${orderId}`);
    } else {
      if (!takes) this.restRequests.add(number);
      this.add(number, ((takes ? this.takers : this.resting)[frame] as Buffer).toString('latin1'));
    }
    return number;
  }

  flush(): void {
    this.socket.flush();
  }

  close(): void {
    this.socket.close();
  }

  private add(number: number, text: string): void {
    const timestamp = Date.now();
    const message = `{"id":${number},"method":"order.${text},"timestamp":${timestamp}}}`;
    this.socket.add(clientTextFrame(Buffer.from(message, 'latin1')));
  }

  private receive(bytes: Buffer, from: number, to: number): void {
    let request = 0;
    for (let i = 0; i < ID_DIGITS; i++) {
      request = request * 10 + ((bytes[from + ID_AT + i] as number) - ZERO);
    }
    const isPlaced = this.restRequests.delete(request);
    if (!this.isEcho && bytes[from + STATUS_AT] !== TWO) this.errors++;
    else if (isPlaced) this.mix.rests(this.isEcho ? request : orderIdIn(bytes, from, to));
    this.onAnswer(request);
  }
}

function orderIdIn(bytes: Buffer, from: number, to: number): number {
  let at = bytes.indexOf(ORDER_ID, from);
  if (at < 0 || at > to) throw new Error(`no order id in ${bytes.toString('utf8', from, to)}`);
  let orderId = 0;
  for (at += ORDER_ID.length; ; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return orderId;
    orderId = orderId * 10 + digit;
  }
}

/** What stands between `"method":"order.` and the time. */
function parameterTexts(ladder: PriceLadder, kind: 'rest' | 'take'): Buffer[] {
  const timeInForce = kind === 'rest' ? 'GTC' : 'IOC';
  return preparedFrames(ladder, kind, (side, _ticks, price) => {
    const text =
      `place","params":{"symbol":"${ladder.binanceSymbol}","side":"${side === 0 ? 'BUY' : 'SELL'}","type":"LIMIT",` +
      `"timeInForce":"${timeInForce}","quantity":"${ladder.qty}","price":"${price}"`;
    return Buffer.from(text, 'latin1');
  });
}

async function logOn(socket: RawSocket, { apiKey, apiSecret }: Login): Promise<void> {
  const timestamp = Date.now();
  const signed = `apiKey=${apiKey}&timestamp=${timestamp}`;
  const signature = createHmac('sha256', apiSecret).update(signed).digest('hex');
  const params = { apiKey, timestamp, signature };
  const request = JSON.stringify({ id: FIRST_REQUEST - 1, method: 'session.logon', params });
  socket.add(clientTextFrame(Buffer.from(request, 'latin1')));
  socket.flush();
  await new Promise<void>((resolve, reject) => {
    socket.onMessage = (bytes, from, to) => {
      const answer = bytes.toString('utf8', from, to);
      if (answer.includes('"status":200')) resolve();
      else reject(new Error(`the logon failed: ${answer}`));
    };
  });
}
