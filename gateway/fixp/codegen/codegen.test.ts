import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as plimsoll from '../generated/index.js';
import { generate } from './generate.js';
import type { Message, Schema } from './schema-model.js';
import { readSchema } from './schema-reader.js';
import { CODEGEN_TARGETS } from './targets.js';
import * as bigEndian from './testing/big-endian/index.js';
import { randomOf, randomScript } from './testing/message-script.js';
import { decodeScript, encodeScript, type Flyweights } from './testing/script-codec.js';
import * as vehicle from './testing/vehicle/index.js';
import * as vehicle2 from './testing/vehicle-v2/index.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const text = (file: string) => fs.readFileSync(path.join(ROOT, file), 'utf8');
const schemaOf = (name: string) => readSchema(text(`gateway/fixp/codegen/testing/${name}.xml`));

const SETS: [string, Schema, Flyweights][] = [
  ['plimsoll', readSchema(text('gateway/fixp/plimsoll-sbe.xml')), asFlyweights(plimsoll)],
  ['vehicle', schemaOf('vehicle'), asFlyweights(vehicle)],
  ['vehicle, two versions later', schemaOf('vehicle-v2'), asFlyweights(vehicle2)],
  ['big-endian', schemaOf('big-endian'), asFlyweights(bigEndian)],
];

describe('generated code', () => {
  for (const { schema, folder, runtime } of CODEGEN_TARGETS) {
    it(`in ${folder} is what the generator makes of ${schema}`, () => {
      const expected = generate(text(schema), runtime);
      const found = fs.readdirSync(path.join(ROOT, folder));
      expect(found.sort()).toEqual([...expected.keys()].sort());
      for (const [name, code] of expected) expect(text(path.join(folder, name)), name).toBe(code);
    });
  }

  for (const [name, schema, flyweights] of SETS) {
    it(`reads what it has written: every message of ${name}`, () => {
      const view = new DataView(new ArrayBuffer(8192));
      for (const message of schema.messages) {
        fc.assert(
          fc.property(fc.nat(), (seed) => {
            const script = randomScript(message, randomOf(seed));
            const length = encodeScript(flyweights, message, script, view);
            expect(decodeScript(flyweights, message, view)).toEqual(script);
            expect(fits(flyweights, schema, message, view, length)).toBe(true);
            // Cut anywhere, it does not fit any more.
            if (length > schema.header.size) {
              expect(fits(flyweights, schema, message, view, length - 1)).toBe(false);
            }
          }),
          { numRuns: 40 },
        );
      }
    });
  }

  it('lets no bytes pass that a decoder cannot read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(600), (bytes, version) => {
        const view = new DataView(new ArrayBuffer(208));
        new Uint8Array(view.buffer).set(bytes, 8);
        const end = 8 + bytes.length;
        for (const [, schema, flyweights] of SETS.slice(0, 3)) {
          for (const message of schema.messages) {
            const { blockLength } = message;
            view.setUint16(0, blockLength, true);
            view.setUint16(6, version & 3, true);
            const check = functionOf(flyweights, message);
            if (!check(view, 8, end, blockLength, version & 3)) continue;
            const whole = new DataView(view.buffer, 0, end);
            expect(() => decodeScript(flyweights, message, whole)).not.toThrow();
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('versions', () => {
  const older = SETS[1] as (typeof SETS)[number];
  const newer = SETS[2] as (typeof SETS)[number];
  const view = new DataView(new ArrayBuffer(8192));

  it('of later messages: an old decoder reads what it knows', () => {
    for (const [i, message] of newer[1].messages.entries()) {
      const old = older[1].messages[i] as Message;
      fc.assert(
        fc.property(fc.nat(), (seed) => {
          const script = randomScript(message, randomOf(seed));
          const length = encodeScript(newer[2], message, script, view);
          expect(fits(older[2], older[1], old, view, length)).toBe(true);
          const read = decodeScript(older[2], old, view);
          // All that it tells was written, in this order.
          let at = 0;
          for (const line of read) {
            at = script.indexOf(line, at) + 1;
            expect(at, line).toBeGreaterThan(0);
          }
          const known = old.groups.length + old.data.length === 0 ? old.fields.length : read.length;
          expect(read.length).toBeGreaterThanOrEqual(known);
        }),
        { numRuns: 40 },
      );
    }
  });

  it('of older messages: what came later is absent', () => {
    const [message, later] = [older[1].messages[0] as Message, newer[1].messages[0] as Message];
    const script = randomScript(message, randomOf(7));
    const length = encodeScript(older[2], message, script, view);
    expect(fits(newer[2], newer[1], later, view, length)).toBe(true);
    const read = decodeScript(newer[2], later, view);
    const added = read.filter((line) => !script.includes(line));
    expect(added).toEqual([
      'null doors',
      'null weight',
      'items colour 0,0,0,0,0,0,0,0',
      'choice lateExtras roof 0',
      'choice lateExtras hook 0',
      'choice lateExtras radio 0',
      'absent lateBooster',
      'data remarks ',
    ]);
    expect(read.filter((line) => script.includes(line))).toEqual(script);
  });

  it('of messages before the first optional field: required fields count as null too', () => {
    const decoder = new vehicle.VehicleDecoder().wrap(view, 8, 150, 0);
    expect(decoder.hasSpeed()).toBe(false);
    expect(decoder.speed()).toBeNaN();
  });
});

describe('a schema that makes no sense', () => {
  const HEAD = `<types>
    <composite name="messageHeader"><type name="blockLength" primitiveType="uint16"/><type name="templateId" primitiveType="uint16"/>
    <type name="schemaId" primitiveType="uint16"/><type name="version" primitiveType="uint16"/></composite></types>`;
  const schema = (body: string) =>
    `<messageSchema id="1" version="0">${HEAD}\n${body}</messageSchema>`;
  const CASES: [string, string, RegExp][] = [
    ['malformed XML', '<message', /the XML is malformed/],
    [
      'a type that is not there',
      '<message name="A" id="1"><field name="a" id="1" type="B"/></message>',
      /line 4: there is no type B/,
    ],
    [
      'a field behind a group',
      '<message name="A" id="1"><data name="d" id="1" type="messageHeader"/></message>',
      /must have an integer length/,
    ],
    [
      'an offset that goes back',
      '<message name="A" id="1"><field name="a" id="1" type="int32"/><field name="b" id="2" type="int8" offset="2"/></message>',
      /offset of b must be at least 4, but is 2/,
    ],
    [
      'a block that is too short',
      '<message name="A" id="1" blockLength="3"><field name="a" id="1" type="int32"/></message>',
      /blockLength must be at least 4, but is 3/,
    ],
    [
      'an id that is there twice',
      '<message name="A" id="1"/><message name="B" id="1"/>',
      /two messages have the id 1/,
    ],
    [
      'a composite that contains itself',
      '<types><composite name="C"><ref name="c" type="C"/></composite></types>',
      /the type C contains itself/,
    ],
    [
      'a bit beyond the set',
      '<types><set name="S" encodingType="uint8"><choice name="x">8</choice></set></types>',
      /a bit from 0 to 7/,
    ],
  ];
  it.each(CASES)('is refused: %s', (_, body, sentence) => {
    expect(() => generate(schema(body), 'x')).toThrow(sentence);
  });
});

function asFlyweights(module: object): Flyweights {
  return module as Flyweights;
}

type Check = (view: DataView, at: number, end: number, block: number, version: number) => boolean;

function functionOf(flyweights: Flyweights, message: Message): Check {
  return (flyweights as unknown as Record<string, Check>)[`fits${message.name}`] as Check;
}

function fits(
  flyweights: Flyweights,
  schema: Schema,
  message: Message,
  view: DataView,
  end: number,
): boolean {
  const [length, version] = [0, 6].map((at) => view.getUint16(at, schema.littleEndian));
  const check = functionOf(flyweights, message);
  return check(view, schema.header.size, end, length as number, version as number);
}
