/** An answer for people: a line for each figure, a table for each list, an empty line between documents. */
export function formatAnswer(answer: object): string {
  const answers = Array.isArray(answer) ? answer : [answer];
  return answers.map(formatOne).join('\n');
}

function formatOne(answer: object): string {
  const entries = Object.entries(answer);
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => formatEntry(name, value, width)).join('');
}

function formatEntry(name: string, value: unknown, width: number): string {
  if (Array.isArray(value)) return `${name}\n${formatTable(value)}`;
  return `${name.padEnd(width)}  ${cell(value)}\n`;
}

function formatTable(rows: readonly object[]): string {
  const [first] = rows;
  if (first === undefined) return '  none\n';
  const table = [Object.keys(first), ...rows.map((row) => Object.values(row).map(cell))];
  const widths = Object.keys(first).map((_, column) =>
    Math.max(...table.map((row) => (row[column] as string).length)),
  );
  return table
    .map(
      (row) => `  ${row.map((text, column) => text.padEnd(widths[column] as number)).join('  ')}`,
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function cell(value: unknown): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${String(each)}`)
    .join(', ');
}
