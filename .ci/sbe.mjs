/**
 * Holds our flyweights to those of Real Logic's sbe-tool: for random values of every message, what we encode Java decodes,
 * what Java encodes is the same bytes and we decode it; and messages of a version older or newer by appended fields are read by both.
 *
 *   node .ci/sbe.mjs [CASES]       so many of each message, by default 200
 *
 * Needs a JDK from 17 on, and Maven, which gets sbe-tool.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, SbeTool } from './sbe/sbe-tool.mjs';

const casesEach = Number(process.argv[2] ?? 200);
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-sbe-'));
let tool = null;
let held = 0;
let total = 0;

try {
  run('npm', ['run', '--silent', 'build'], { cwd: root });
  tool = new SbeTool(work);
  const testing = 'gateway/fixp/codegen/testing';
  await both('plimsoll', 'gateway/fixp/plimsoll-sbe.xml', 'gateway/fixp/generated');
  await both('vehicle', `${testing}/vehicle.xml`, `${testing}/vehicle`);
  await both('vehicle2', `${testing}/vehicle-v2.xml`, `${testing}/vehicle-v2`);
  await both('bigendian', `${testing}/big-endian.xml`, `${testing}/big-endian`);
  await otherVersion('vehicle', 'vehicle-v2', 'vehicle2');
  await otherVersion('vehicle-v2', 'vehicle', 'vehicle');
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
console.log(`checks: ${held} of ${total} held`);
process.exitCode = held === total && total > 0 ? 0 : 1;

/** Every message of a schema, both ways. */
async function both(name, schemaFile, folder) {
  const { schema, flyweights, tools } = await load(schemaFile, folder);
  tool.compile(name, schemaFile, schema.package, 'CheckScripts.java');
  const view = new DataView(new ArrayBuffer(8192));
  const cases = schema.messages.flatMap((message) => {
    return Array.from({ length: casesEach }, (_, i) => {
      const script = tools.randomScript(message, tools.randomOf(message.id * 100_003 + i));
      return { message, script, hex: encoded(tools, flyweights, message, script, view) };
    });
  });
  const answers = askJava(name, schema.package, cases, 'both');
  for (const message of schema.messages) {
    const wrong = [];
    cases.forEach((one, i) => {
      if (one.message !== message) return;
      const [bytes, ...read] = answers[i];
      const theirs = bytes.slice('bytes '.length);
      if (read.join('\n') !== one.script.join('\n')) wrong.push(['Java read', one, read]);
      else if (theirs !== one.hex) wrong.push(['Java wrote', one, [theirs]]);
      else {
        new Uint8Array(view.buffer).set(Buffer.from(theirs, 'hex'));
        const ours = tools.decodeScript(flyweights, message, view);
        if (ours.join('\n') !== one.script.join('\n')) wrong.push(['we read', one, ours]);
      }
    });
    check(`${name}: ${message.name}, ${casesEach} both ways`, wrong);
  }
}

/** Our bytes of one version, read by Java's decoders of the other one, as far as both know the fields. */
async function otherVersion(writer, reader, javaName) {
  const testing = 'gateway/fixp/codegen/testing';
  const { schema, flyweights, tools } = await load(
    `${testing}/${writer}.xml`,
    `${testing}/${writer}`,
  );
  const other = tools.readSchema(
    fs.readFileSync(path.join(root, `${testing}/${reader}.xml`), 'utf8'),
  );
  const view = new DataView(new ArrayBuffer(8192));
  const cases = schema.messages.flatMap((message) => {
    const known = other.messages.find(({ id }) => id === message.id);
    return Array.from({ length: casesEach }, (_, i) => {
      const script = tools.randomScript(message, tools.randomOf(message.id * 7_919 + i));
      const hex = encoded(tools, flyweights, message, script, view);
      return { message, script: knownLines(script, known), hex };
    });
  });
  const answers = askJava(javaName, schema.package, cases, 'decode');
  for (const message of schema.messages) {
    const wrong = [];
    cases.forEach((one, i) => {
      if (one.message !== message || answers[i].join('\n') === one.script.join('\n')) return;
      wrong.push(['Java read', one, answers[i]]);
    });
    check(`${writer} read as ${reader}: ${message.name}, ${casesEach}`, wrong);
  }
}

/** Lines of fields, groups and data that a message of another version has too. */
function knownLines(script, message) {
  const lines = [];
  const blocks = [message];
  let skipped = 0;
  for (const line of script) {
    const [verb, name] = line.split(' ');
    if (verb === 'leave' || verb === 'endgroup') {
      if (skipped > 0) skipped--;
      else {
        blocks.pop();
        lines.push(line);
      }
      continue;
    }
    const block = blocks.at(-1);
    const parts = [
      ...(block.fields ?? block.members ?? []),
      ...(block.groups ?? []),
      ...(block.data ?? []),
    ];
    const part = verb === 'next' ? block : parts.find((candidate) => candidate.name === name);
    const opens = verb === 'enter' || verb === 'group';
    if (skipped > 0 || part === undefined) {
      if (opens) skipped++;
      continue;
    }
    lines.push(line);
    if (opens) blocks.push(verb === 'enter' ? part.type : part);
  }
  return lines;
}

async function load(schemaFile, folder) {
  const from = (file) => import(pathToFileURL(path.join(root, 'dist', file)).href);
  const codegen = 'gateway/fixp/codegen';
  const tools = {
    ...(await from(`${codegen}/schema-reader.js`)),
    ...(await from(`${codegen}/testing/message-script.js`)),
    ...(await from(`${codegen}/testing/script-codec.js`)),
  };
  const schema = tools.readSchema(fs.readFileSync(path.join(root, schemaFile), 'utf8'));
  return { schema, flyweights: await from(`${folder}/index.js`), tools };
}

function encoded(tools, flyweights, message, script, view) {
  new Uint8Array(view.buffer).fill(0);
  const length = tools.encodeScript(flyweights, message, script, view);
  return Buffer.from(view.buffer, 0, length).toString('hex');
}

function askJava(name, javaPackage, cases, mode) {
  const [asked, answered] = ['cases', 'answers'].map((file) =>
    path.join(work, `${name}-${file}.txt`),
  );
  const text = cases.map(({ message, script, hex }) => {
    return [`message ${message.name} ${hex} ${mode}`, ...script, ''].join('\n');
  });
  fs.writeFileSync(asked, `${text.join('\n')}\n`);
  run('java', tool.arguments(name, 'CheckScripts', javaPackage, asked, answered));
  const answers = [[]];
  for (const line of fs.readFileSync(answered, 'utf8').split('\n')) {
    if (line === '') answers.push([]);
    else answers.at(-1).push(line);
  }
  return answers;
}

function check(what, wrong) {
  total++;
  if (wrong.length === 0) held++;
  console.log(`${wrong.length === 0 ? 'ok' : 'NOT OK'}  ${what}`);
  for (const [who, { script, hex }, found] of wrong.slice(0, 1)) {
    const at = found.findIndex((line, i) => line !== script[i]);
    console.log(`  ${who} "${found[at]}" where the script has "${script[at]}", bytes ${hex}`);
  }
}
