import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ASYNCAPI_FILE, asyncApiText } from '../../asyncapi/document.js';
import { generate } from './generate.js';
import { CODEGEN_TARGETS, type CodegenTarget } from './targets.js';
import { SchemaError } from './xml-element.js';

const HELP = `usage: npm run codegen

Writes the AsyncAPI document of the native WebSocket (${ASYNCAPI_FILE}), and the TypeScript flyweights of the SBE schemas, anew:
${CODEGEN_TARGETS.map(({ schema, folder }) => `  ${schema} → ${folder}/`).join('\n')}
`;

// Compiled, this file lies in dist/gateway/fixp/codegen.
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');

if (process.argv.includes('--help')) process.stdout.write(HELP);
else {
  for (const target of CODEGEN_TARGETS) write(target);
  writeAsyncApi();
}

/** The native WebSocket's own document, which the server gives out as well. */
function writeAsyncApi(): void {
  fs.writeFileSync(path.join(root, ASYNCAPI_FILE), asyncApiText());
  process.stdout.write(`${ASYNCAPI_FILE}\n`);
}

/** Files of declarations that are not there any more go too. */
function write({ schema, folder, runtime }: CodegenTarget): void {
  const files = generated(schema, runtime);
  const at = path.join(root, folder);
  fs.rmSync(at, { recursive: true, force: true });
  fs.mkdirSync(at, { recursive: true });
  for (const [name, text] of files) fs.writeFileSync(path.join(at, name), text);
  process.stdout.write(`${schema}: ${files.size} files in ${folder}/\n`);
}

function generated(schema: string, runtime: string): Map<string, string> {
  try {
    return generate(fs.readFileSync(path.join(root, schema), 'utf8'), runtime);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    process.stderr.write(`${schema}: ${error.message}\n`);
    process.exit(1);
  }
}
