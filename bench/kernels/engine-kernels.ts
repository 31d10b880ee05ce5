import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { CMD_PLACE } from '../../engine/messages/types.js';
import { crc32cOf } from '../../engine/runtime/journal/crc32c.js';
import { mulDivFloor } from '../../engine/units/mul-div.js';
import { writeCommand } from '../book/encode.js';
import { EventRing } from './event-ring.js';
import { type Kernel, numbers, OPERATIONS } from './kernel.js';

const values = numbers(OPERATIONS);
const value = (i: number): number => values[i] as number;

export function engineKernels(): Kernel[] {
  return [
    mulDivKernel('mulDiv, product below 2^53', (i) => mulDivFloor(value(i) & 0xfffff, 250, 1e6)),
    mulDivKernel('mulDiv, split by the divisor', (i) => mulDivFloor(value(i) * 4096, 10_000, 1e6)),
    mulDivKernel('mulDiv, double-double', (i) =>
      mulDivFloor(value(i) * 1024, 2 ** 40, 2 ** 41 + 1),
    ),
    encodeKernel(),
    checksumKernel(),
    ringKernel(),
  ];
}

function mulDivKernel(name: string, divide: (i: number) => number): Kernel {
  return {
    name,
    operations: OPERATIONS,
    run: () => {
      let sum = 0;
      for (let i = 0; i < OPERATIONS; i++) sum += divide(i);
      return sum;
    },
  };
}

function encodeKernel(): Kernel {
  const messages = new MessageBuffer(64);
  messages.push(64);
  const { words, floats } = messages;
  const run = (): number => {
    for (let i = 0; i < OPERATIONS; i++) {
      writeCommand(words, floats, i & 63, CMD_PLACE, i, 0, value(i), 10, 0, i);
    }
    return words[0] as number;
  };
  return { name: 'command: write 64 bytes', operations: OPERATIONS, run };
}

/** A journal frame of 64 commands. */
function checksumKernel(): Kernel {
  const count = 64 * SLOT_WORDS;
  const words = numbers(count);
  const bytes = new Uint8Array(words.buffer);
  const frames = 10;
  const run = (): number => {
    let sum = 0;
    for (let i = 0; i < frames; i++) sum += crc32cOf(words, bytes, 0, count);
    return sum;
  };
  return { name: 'CRC32C of 64 commands', operations: frames, run };
}

function ringKernel(): Kernel {
  const ring = new EventRing();
  const events = new MessageBuffer(256);
  events.push(192);
  const frames = 10;
  const run = (): number => {
    let sum = 0;
    for (let i = 0; i < frames; i++) sum += ring.copyIn(events).length;
    return sum;
  };
  return { name: 'events of 64 commands: copy', operations: frames, run };
}
