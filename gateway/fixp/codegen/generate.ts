import { emitDecoder, emitEncoder } from './emit-message.js';
import { className, fileName } from './emit-names.js';
import { emitType } from './emit-types.js';
import type { NamedType, Schema } from './schema-model.js';
import { readSchema } from './schema-reader.js';

const HEAD = '// Generated from the SBE schema by `npm run codegen`. Do not edit.';

/**
 * Writes the TypeScript flyweights of a schema.
 *
 * @param runtime how a generated file imports what all share (`gateway/fixp/sbe/flyweight.ts`)
 * @returns the text of each file by its name: one for each type and two for each message, and `index.ts` with everything
 */
export function generate(xml: string, runtime: string): Map<string, string> {
  const schema = readSchema(xml);
  const files = new Map<string, string>();
  const homes = new Map<string, string>();
  for (const type of allTypes(schema)) {
    const name = className(type.name);
    for (const exported of exportsOf(type)) homes.set(exported, fileName(name));
  }
  const add = (name: string, emit: (uses: Set<string>) => string[]) => {
    const uses = new Set<string>();
    const body = emit(uses);
    const file = fileName(name);
    if (files.has(`${file}.ts`)) throw new Error(`two declarations of the schema make ${file}.ts`);
    files.set(`${file}.ts`, assemble(body, uses, homes, file, runtime));
  };
  const little = schema.littleEndian;
  for (const type of allTypes(schema)) {
    add(type.name, (uses) => emitType(type, { little, versioned: false, uses }));
  }
  for (const message of schema.messages) {
    const { name } = message;
    const contextOf = (uses: Set<string>) => ({ little, versioned: true, uses });
    add(`${name}Decoder`, (uses) => emitDecoder(message, schema, contextOf(uses)));
    add(`${name}Encoder`, (uses) => emitEncoder(message, schema, contextOf(uses)));
  }
  const lines = [...files.keys()].map((file) => `export * from './${file.replace('.ts', '.js')}';`);
  lines.push('', ...schemaConstants(schema));
  files.set('index.ts', `${[HEAD, '', ...lines].join('\n')}\n`);
  return files;
}

/** Types that have code of their own: those of the schema, and those that stand within a composite. */
function allTypes(schema: Schema): NamedType[] {
  const found = new Map<string, NamedType>();
  const visit = (type: NamedType) => {
    if (type.kind === 'simple') return;
    const name = className(type.name);
    const known = found.get(name);
    if (known === type) return;
    if (known !== undefined) throw new Error(`two types of the schema make the name ${name}`);
    if (type.kind === 'composite') for (const member of type.members) visit(member.type);
    found.set(name, type);
  };
  for (const type of schema.types) visit(type);
  return [...found.values()];
}

function exportsOf(type: NamedType): string[] {
  const name = className(type.name);
  return type.kind === 'composite' ? [`${name}Decoder`, `${name}Encoder`] : [name];
}

function assemble(
  body: readonly string[],
  uses: Set<string>,
  homes: ReadonlyMap<string, string>,
  own: string,
  runtime: string,
): string {
  const text = body.join('\n');
  const shared = [...uses].filter((name) => !homes.has(name));
  if (text.includes('NOTHING')) shared.push('NOTHING');
  const byFile = new Map<string, string[]>();
  for (const [name, home] of homes) {
    if (home !== own && uses.has(name)) byFile.set(home, [...(byFile.get(home) ?? []), name]);
  }
  const imports = [...byFile.keys()].sort().map((home) => {
    const names = (byFile.get(home) as string[]).map((name) => importedName(name, body)).sort();
    return `import { ${names.join(', ')} } from './${home}.js';`;
  });
  if (shared.length > 0) {
    imports.unshift(`import { ${shared.sort().join(', ')} } from '${runtime}';`);
  }
  return `${[HEAD, ...imports, '', text].join('\n')}\n`;
}

/** Enumerations are only named in types here. */
function importedName(name: string, body: readonly string[]): string {
  return body.some((line) => line.includes(`new ${name}(`)) ? name : `type ${name}`;
}

function schemaConstants({ id, version, header }: Schema): string[] {
  return [
    `export const SBE_SCHEMA_ID = ${id};`,
    `export const SBE_SCHEMA_VERSION = ${version};`,
    '/** Bytes of the header in front of each message. */',
    `export const SBE_HEADER_LENGTH = ${header.size};`,
  ];
}
