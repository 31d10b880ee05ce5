/** A table in plain text: first column to the left, numbers to the right. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** 12,345,678 → "12.3M": three digits are more than the noise leaves. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value >= 999_500) return `${toDigits(value / 1e6)}M`;
  return value >= 9_995 ? `${toDigits(value / 1e3)}k` : toDigits(value);
}

export function formatRatio(value: number | null): string {
  return value === null || !Number.isFinite(value) ? '-' : `${toDigits(value)}x`;
}

export function formatUs(value: number): string {
  return `${toDigits(value)} us`;
}

export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function toDigits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
