import { JsonSink } from '../codec/json-sink.js';
import type { MessageSink } from '../codec/message-sink.js';
import { MsgpackSink } from '../codec/msgpack-sink.js';

/** Writes one message of the protocol. */
export type WriteMessage = (sink: MessageSink) => void;

const json = new JsonSink();
const msgpack = new MsgpackSink();

/** A message for many readers: encoded once for each codec, and only when somebody reads it in that codec. */
export class Frame {
  /** Content up to `previous` plus this frame is the content up to `sequence`. */
  readonly previous: number;
  readonly sequence: number;
  readonly epoch: number;
  private write: WriteMessage | null;
  private jsonText: string | null = null;
  private msgpackBytes: Uint8Array | null = null;

  constructor(epoch: number, previous: number, sequence: number, write: WriteMessage) {
    this.epoch = epoch;
    this.previous = previous;
    this.sequence = sequence;
    this.write = write;
  }

  /** Length in this codec. */
  lengthIn(binary: boolean): number {
    return binary ? this.asMsgpack().length : this.asJson().length;
  }

  asJson(): string {
    if (this.jsonText === null) {
      this.write?.(json);
      this.jsonText = json.end();
    }
    return this.jsonText;
  }

  asMsgpack(): Uint8Array {
    if (this.msgpackBytes === null) {
      this.write?.(msgpack);
      this.msgpackBytes = msgpack.end().slice();
    }
    return this.msgpackBytes;
  }
}
