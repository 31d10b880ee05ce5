import type { Finding } from './finding.js';
import type { SourceFile } from './sources.js';

/** Beyond this a file holds more than one concept. */
export const linesMax = 500;

export function findLongFiles(sources: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const { path, text } of sources) {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    if (lines <= linesMax) continue;
    const sentence = `The file has ${lines} lines; ${linesMax} are allowed.`;
    findings.push({ file: path, line: linesMax + 1, sentence });
  }
  return findings;
}
