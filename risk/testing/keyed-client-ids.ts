import type { KernelFlavour } from '../../engine/kernel/host/flavours.js';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { H_MESSAGE } from '../../engine/kernel/layout.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { TEXT_BYTES } from '../kernel/layout.js';
import { ClientIds } from '../margin/client-ids.js';
import { javascriptRiskKernel, type RiskCalls } from '../margin/risk-kernel.js';

/** The kernel's client ids alone, named as tests name them: by a number or a text, without commands and events around them. */
export class KeyedClientIds {
  readonly kernel: Kernel<RiskCalls>;
  readonly ids: ClientIds;

  constructor(flavour: KernelFlavour<RiskCalls> = javascriptRiskKernel) {
    this.kernel = new Kernel(flavour);
    this.ids = new ClientIds(this.kernel);
  }

  find(account: number, key: number | string): number {
    const [number, text] = this.place(key);
    return this.kernel.calls.findClient(account, number, text);
  }

  add(account: number, key: number | string, marketId: number): number {
    const { calls } = this.kernel;
    const [number, text] = this.place(key);
    const ref = calls.addClient(calls.openAccount(account), account, marketId, number, text);
    this.kernel.refresh();
    return ref;
  }

  open(ref: number, orderId: number): void {
    this.kernel.calls.openClient(ref, orderId);
  }

  close(ref: number, nowMs: number): void {
    this.kernel.calls.closeClient(ref, nowMs);
    this.kernel.refresh();
  }

  drop(ref: number): void {
    this.kernel.calls.dropClient(ref);
  }

  /** The canonical form. */
  bytes(): Uint8Array {
    const writer = new CanonicalWriter();
    this.ids.writeState(writer);
    return writer.bytes().slice();
  }

  read(bytes: Uint8Array): void {
    this.ids.readState(new CanonicalReader(bytes));
  }

  /** Text goes where messages lie, and what stands behind its end may be anything. */
  private place(key: number | string): [number: number, text: number] {
    if (typeof key === 'number') return [key, 0];
    const words = this.kernel.wordsAt(H_MESSAGE, TEXT_BYTES / 4);
    words[0] = key.length;
    const bytes = new Uint8Array(words.buffer, words.byteOffset + 4, TEXT_BYTES - 4).fill(0xa5);
    for (let i = 0; i < key.length; i++) bytes[i] = key.charCodeAt(i);
    return [0, H_MESSAGE];
  }
}
