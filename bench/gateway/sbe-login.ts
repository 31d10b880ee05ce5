import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import type { Socket } from 'node:net';
import { establishText, negotiateText } from '../../gateway/fixp/credentials.js';
import { FRAMING_BYTES, writeFraming } from '../../gateway/fixp/framing.js';
import * as sbe from '../../gateway/fixp/generated/index.js';
import type { Login } from './load-task.js';

const FRAME_BYTES = 512;
const KEEPALIVE_MS = 60_000;
/** What PKCS #8 puts before the 32 bytes of an Ed25519 seed. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

interface Encoder {
  wrapAndApplyHeader(view: DataView, offset: number): Encoder;
  clear(): unknown;
  sbeEncodedLength(): number;
}

/** A whole frame. The encoder stays laid over it, so that fields can be patched. */
export function frameOf(encoder: Encoder, fill: () => void): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  encoder.wrapAndApplyHeader(view, FRAMING_BYTES).clear();
  fill();
  const messageBytes = sbe.SBE_HEADER_LENGTH + encoder.sbeEncodedLength();
  return bytes.subarray(0, writeFraming(view, 0, messageBytes));
}

/** Negotiates and establishes a session on a socket that is connected. */
export async function establish(socket: Socket, { seed, publicKey, venue }: Login): Promise<void> {
  const der = Buffer.concat([PKCS8_HEAD, Buffer.from(seed, 'hex')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const id = randomUUID().replaceAll('-', '');
  const idBytes = Buffer.from(id, 'hex');
  const timeMs = Date.now();
  const negotiate = new sbe.NegotiateEncoder();
  const negotiation = frameOf(negotiate, () => {
    negotiate
      .putSessionId(idBytes, 0)
      .timestamp(timeMs)
      .putPublicKey(Buffer.from(publicKey, 'hex'), 0);
    negotiate.clientFlow(sbe.FlowType.Idempotent);
    negotiate.putSignature(sign(null, Buffer.from(negotiateText(venue, id, timeMs)), key), 0);
  });
  const response = await ask(socket, negotiation, sbe.NegotiationResponseDecoder.TEMPLATE_ID);
  const nonce = Buffer.alloc(32);
  new sbe.NegotiationResponseDecoder()
    .wrapAndApplyHeader(response, FRAMING_BYTES)
    .getNonce(nonce, 0);
  const text = establishText(venue, id, nonce.toString('hex'), timeMs, 1);
  const begin = new sbe.EstablishEncoder();
  const establishment = frameOf(begin, () => {
    begin.putSessionId(idBytes, 0).timestamp(timeMs).keepaliveInterval(KEEPALIVE_MS).nextSeqNo(1);
    begin.putSignature(sign(null, Buffer.from(text), key), 0);
  });
  await ask(socket, establishment, sbe.EstablishmentAckDecoder.TEMPLATE_ID);
}

/** The server says one thing at a time until the session stands, so its answer is one chunk. */
function ask(socket: Socket, frame: Buffer, wanted: number): Promise<DataView> {
  socket.write(frame);
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) => {
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
      const templateId = view.getUint16(FRAMING_BYTES + 2, true);
      if (templateId === wanted) resolve(view);
      else reject(new Error(`message ${wanted} was expected, but ${templateId} came: ${chunk}`));
    });
  });
}
