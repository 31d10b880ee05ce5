import { base64 } from '@scure/base';
import { Keypair } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import { PROGRAM_ID } from './addresses.js';
import { ByteWriter } from './byte-writer.js';
import { discriminator } from './discriminator.js';
import { decodeEvents } from './events.js';

const own = PROGRAM_ID.toBase58();
const other = Keypair.generate().publicKey.toBase58();

/** The line that the program writes for a deposit. */
function deposited(amount: bigint): string {
  const writer = new ByteWriter();
  writer.raw(discriminator('event', 'Deposited'));
  writer.raw(new Uint8Array(32).fill(1));
  writer.u32(7);
  writer.u64(amount);
  writer.u64(amount + 1n);
  writer.raw(new Uint8Array(32).fill(2));
  return `Program data: ${base64.encode(writer.bytes())}`;
}

function amounts(logs: string[]): bigint[] {
  const { events } = decodeEvents(logs);
  return events.map((event) => (event.kind === 'deposited' ? event.amountMicroUsd : -1n));
}

describe('events in a log', () => {
  test('are the program’s own, also when it calls and is called', () => {
    const logs = [
      `Program ${other} invoke [1]`,
      deposited(1n),
      `Program ${own} invoke [2]`,
      'Program log: Instruction: Deposit',
      deposited(2n),
      `Program ${other} invoke [3]`,
      deposited(3n),
      `Program ${other} consumed 5 of 200000 compute units`,
      `Program ${other} success`,
      deposited(4n),
      `Program ${own} success`,
      deposited(5n),
      `Program ${other} success`,
      deposited(6n),
    ];
    expect(amounts(logs)).toEqual([2n, 4n]);
  });

  test('cannot be forged by what another program prints', () => {
    const logs = [
      `Program ${other} invoke [1]`,
      `Program log: Program ${own} invoke [2]`,
      deposited(1n),
      `Program return: ${own} AAAA`,
      deposited(2n),
      `Program ${other} success`,
    ];
    expect(amounts(logs)).toEqual([]);
  });

  test('that are unknown are left out, and a cut log is said to be cut', () => {
    const unknown = `Program data: ${base64.encode(new Uint8Array(60))}`;
    const logs = [`Program ${own} invoke [1]`, unknown, deposited(1n), 'Log truncated'];
    expect(decodeEvents(logs)).toMatchObject({
      events: [{ kind: 'deposited' }],
      isTruncated: true,
    });
    expect(decodeEvents([])).toEqual({ events: [], isTruncated: false });
  });
});
