/** One thing to repair, printed as `file:line: sentence`, which editors turn into a link. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly sentence: string;
}

export function formatFinding(finding: Finding): string {
  return `${finding.file}:${finding.line}: ${finding.sentence}`;
}
