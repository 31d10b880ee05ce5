import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { kernelFrom } from '../../engine/runtime/kernel-file.js';
import { CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { CLIENT_CLOSED, CLIENT_OPEN, CLIENT_PENDING } from '../../risk/kernel/layout.js';
import { javascriptRiskKernel } from '../../risk/margin/risk-kernel.js';
import { KeyedClientIds } from '../../risk/testing/keyed-client-ids.js';
import { NaiveClientIds } from './naive-client-ids.js';

/** The kernel's client ids against one list of them: the same references, the same memory, the same canonical bytes. */
const COMPILED = new URL('../../dist/risk/kernel/kernel.wasm', import.meta.url);
const ACCOUNTS = [1, 2, 5000];
const MARKET = 65_534;
const NUMBERS = [1, 2, 7, 2 ** 31, 2 ** 32 - 1, 2 ** 32 + 1, 2 ** 33 + 1, 2 ** 53 - 1];
const TEXTS = ['7', 'a', 'ab', 'abcd', 'abcde', 'x'.repeat(35), 'x'.repeat(36), '\u00ff\u0000'];
const KEYS: (number | string)[] = [...NUMBERS, ...TEXTS];

type Step =
  | { do: 'use'; account: number; key: number | string }
  | { do: 'open' | 'close' | 'drop'; which: number }
  | { do: 'burst'; account: number; count: number; isText: boolean }
  | { do: 'wait'; ms: number };

const account = fc.constantFrom(...ACCOUNTS);
const which = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('use' as const),
      account,
      key: fc.constantFrom(...KEYS),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('open' as const), which }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('close' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(700_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      account,
      count: fc.integer({ min: 1, max: 700 }),
      isText: fc.boolean(),
    }),
  },
);

class Twins {
  kernel: KeyedClientIds;
  readonly naive = new NaiveClientIds();
  private readonly make: () => KeyedClientIds;
  private nowMs = 1_767_225_600_000;
  private orders = 0;
  private live: { ref: number; state: number }[] = [];

  constructor(make: () => KeyedClientIds) {
    this.make = make;
    this.kernel = make();
  }

  run(next: Step): void {
    if (next.do === 'wait') this.nowMs += next.ms;
    else if (next.do === 'burst') this.burst(next.account, next.count, next.isText);
    else if (next.do === 'use') this.use(next.account, next.key);
    else if (next.do === 'open')
      this.withState(CLIENT_PENDING, next.which, (ref) => this.open(ref));
    else if (next.do === 'close') this.withState(CLIENT_OPEN, next.which, (ref) => this.close(ref));
    else this.withState(CLIENT_PENDING, next.which, (ref) => this.drop(ref));
  }

  /** From here on with ids that come out of a snapshot. */
  reread(): void {
    const again = this.make();
    again.read(this.kernel.bytes());
    this.kernel = again;
  }

  check(): void {
    const writer = new CanonicalWriter();
    this.naive.writeState(writer);
    expect(Buffer.from(this.kernel.bytes()).equals(writer.bytes())).toBe(true);
    for (const one of ACCOUNTS) {
      for (const key of KEYS) {
        expect(this.kernel.find(one, key)).toBe(this.naive.find(one, key)?.ref ?? -1);
      }
    }
  }

  private use(one: number, key: number | string): void {
    const known = this.naive.find(one, key);
    const found = this.kernel.find(one, key);
    expect(found).toBe(known?.ref ?? -1);
    if (known === null) this.add(one, key);
    else {
      const { ids } = this.kernel;
      expect([ids.keyAt(found), ids.marketOf(found)]).toEqual([key, known.marketId]);
      expect([ids.orderIdOf(found), ids.stateOf(found)]).toEqual([known.orderId, known.state]);
    }
  }

  private add(one: number, key: number | string): number {
    const ref = this.naive.add(one, key, MARKET);
    expect(this.kernel.add(one, key, MARKET)).toBe(ref);
    this.live.push({ ref, state: CLIENT_PENDING });
    return ref;
  }

  private open(ref: number): void {
    const orderId = 2 ** 53 - 1 - this.orders++;
    Object.assign(this.naive.at(ref), { orderId, state: CLIENT_OPEN });
    this.kernel.open(ref, orderId);
    this.move(ref, CLIENT_OPEN);
  }

  private close(ref: number): void {
    this.naive.close(ref, this.nowMs);
    this.kernel.close(ref, this.nowMs);
    this.move(ref, CLIENT_CLOSED);
  }

  private drop(ref: number): void {
    this.naive.drop(ref);
    this.kernel.drop(ref);
    this.move(ref, CLIENT_CLOSED);
  }

  private burst(one: number, count: number, isText: boolean): void {
    for (let i = 0; i < count; i++) {
      const number = 1000 + this.orders;
      const ref = this.add(one, isText ? `order-${number}` : number);
      this.open(ref);
      this.close(ref);
    }
  }

  private withState(state: number, number: number, act: (ref: number) => void): void {
    const found = this.live.filter((each) => each.state === state);
    const one = found[number % found.length];
    if (one !== undefined) act(one.ref);
  }

  private move(ref: number, state: number): void {
    this.live = this.live.filter((each) => each.ref !== ref);
    if (state !== CLIENT_CLOSED) this.live.push({ ref, state });
  }
}

for (const isCompiled of [false, true]) {
  const kind = isCompiled ? 'as WebAssembly' : 'as JavaScript';
  it.skipIf(isCompiled && !existsSync(COMPILED))(`client ids in the kernel, ${kind}`, () => {
    const flavour = isCompiled ? kernelFrom(COMPILED, javascriptRiskKernel) : javascriptRiskKernel;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250, size: 'max' }), (steps) => {
        const twins = new Twins(() => new KeyedClientIds(flavour));
        steps.forEach((next, i) => {
          twins.run(next);
          if (i === steps.length >> 1) twins.reread();
        });
        twins.check();
      }),
      { numRuns: 40 },
    );
  });
}
