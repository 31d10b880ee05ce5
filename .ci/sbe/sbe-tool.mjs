/** Real Logic's sbe-tool, from Maven: other people's codecs of our schemas. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const SBE = '1.38.1';
const OPENS = ['--add-opens', 'java.base/jdk.internal.misc=ALL-UNNAMED'];

/** Gets the tool into a folder. */
export class SbeTool {
  constructor(work) {
    this.work = work;
    this.jar = path.join(work, `sbe-all-${SBE}.jar`);
    const artifact = `-Dartifact=uk.co.real-logic:sbe-all:${SBE}`;
    run('mvn', ['-q', '-B', 'dependency:get', artifact]);
    run('mvn', ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${work}`]);
  }

  /** Generates codecs of a schema, and compiles them with a program beside this file. */
  compile(name, schemaFile, javaPackage, program) {
    const sources = path.join(this.work, name);
    run('java', [
      ...[...OPENS, `-Dsbe.output.dir=${sources}`, '-Dsbe.target.language=Java'],
      ...['-Dsbe.validation.stop.on.error=true', '-jar', this.jar, path.join(root, schemaFile)],
    ]);
    const folder = path.join(sources, ...javaPackage.split('.'));
    const files = fs.readdirSync(folder).map((file) => path.join(folder, file));
    const own = path.join(root, '.ci/sbe', program);
    run('javac', ['-nowarn', '-cp', this.jar, '-d', path.join(sources, 'classes'), own, ...files]);
  }

  /** What `java` is called with to run a class that was compiled under a name. */
  arguments(name, ...args) {
    const classes = [path.join(this.work, name, 'classes'), this.jar].join(path.delimiter);
    return [...OPENS, '-cp', classes, ...args];
  }
}

export function run(command, args, options = {}) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const result = spawnSync(command, args, { encoding: 'utf8', stdio, ...options });
  if (result.status === 0) return;
  const call = `${command} ${args.slice(0, 6).join(' ')}`;
  console.log(`${call} failed:\n${result.stdout}${result.stderr}`);
  throw new Error(`${command} failed`);
}
