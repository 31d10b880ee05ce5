/**
 * The first order over the binary door, with nothing but the generated flyweights:
 *
 *   node gateway/fixp/examples/first-order.mjs PORT KEYPAIR.json
 *
 * KEYPAIR.json is a Solana key pair (64 numbers) whose public key an account has; PORT is the ready line's fixpPort.
 */
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import * as sbe from '../../../dist/gateway/fixp/generated/index.js';

const [port, keyFile] = process.argv.slice(2);
const secret = Buffer.from(JSON.parse(readFileSync(keyFile, 'utf8')));
const der = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  secret.subarray(0, 32),
]);
const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
const signed = (text) => sign(null, Buffer.from(`plimsoll-fixp:v1:${text}`), key);
const sessionId = randomBytes(16);
const id = sessionId.toString('hex');
const socket = net.connect(Number(port), '127.0.0.1');

/** Framing header, message header, message. */
function send(Encoder, fill) {
  const bytes = Buffer.alloc(512);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const message = new Encoder().wrapAndApplyHeader(view, 6).clear();
  fill(message);
  const length = 14 + message.sbeEncodedLength();
  view.setUint32(0, length);
  view.setUint16(4, 0xeb50);
  socket.write(bytes.subarray(0, length));
}

const on = {
  [sbe.NegotiationResponseDecoder.TEMPLATE_ID](view) {
    const nonce = Buffer.alloc(32);
    new sbe.NegotiationResponseDecoder().wrapAndApplyHeader(view, 0).getNonce(nonce, 0);
    const time = Date.now();
    send(sbe.EstablishEncoder, (message) => {
      message.putSessionId(sessionId, 0).timestamp(time).keepaliveInterval(5_000).nextSeqNo(1);
      message.putSignature(
        signed(`establish:plimsoll:${id}:${nonce.toString('hex')}:${time}:1`),
        0,
      );
    });
  },
  [sbe.EstablishmentAckDecoder.TEMPLATE_ID]() {
    send(sbe.NewOrderSingleEncoder, (order) => {
      order.clOrdId(1).marketId(1).side(sbe.Side.Buy).orderQty(10).price(999_000);
      order.ordType(sbe.OrdType.Limit).timeInForce(sbe.TimeInForce.GoodTillCancel);
    });
  },
  [sbe.ExecutionReportNewDecoder.TEMPLATE_ID](view) {
    const report = new sbe.ExecutionReportNewDecoder().wrapAndApplyHeader(view, 0);
    console.log(
      `accepted: order ${report.orderId()}, ${report.orderQty()} lots at ${report.price()} ticks`,
    );
    socket.end();
  },
};

let waiting = Buffer.alloc(0);
socket.on('data', (chunk) => {
  waiting = Buffer.concat([waiting, chunk]);
  while (waiting.length >= 6 && waiting.length >= waiting.readUInt32BE(0)) {
    const frame = waiting.subarray(6, waiting.readUInt32BE(0));
    waiting = waiting.subarray(frame.length + 6);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const templateId = view.getUint16(2, true);
    if (on[templateId] === undefined)
      console.log(`message ${templateId}: ${frame.toString('latin1')}`);
    else on[templateId](view);
  }
});

const time = Date.now();
send(sbe.NegotiateEncoder, (message) => {
  message.putSessionId(sessionId, 0).timestamp(time).putPublicKey(secret.subarray(32), 0);
  message.putSignature(signed(`negotiate:plimsoll:${id}:${time}`), 0);
  message.clientFlow(sbe.FlowType.Idempotent);
});
