import type { Sample } from './crash-report.js';
import { RUNGS, type Rung } from './ladder-ledger.js';

const WIDTH = 960;
const LEFT = 90;
const RIGHT = 150;
const PANEL_HEIGHT = 170;
const GAP = 46;
const TOP = 40;
const COLOURS: Record<Rung, string> = {
  slices: '#4c78a8',
  auction: '#72b7b2',
  fund: '#eeca3b',
  deleveraging: '#e45756',
};

interface Panel {
  title: string;
  top: number;
  min: number;
  max: number;
}

/** Price, fund, and lots closed by each rung over the time of the scenario, one above the other, as an SVG. */
export function plotCrash(samples: readonly Sample[]): string {
  const seconds = samples.at(-1)?.second ?? 1;
  const x = (second: number) => LEFT + ((WIDTH - LEFT - RIGHT) * second) / seconds;
  const price = panel(0, 'index and mark, ticks', pricesOf(samples), false);
  const fund = panel(1, 'insurance fund, USD', samples.map(fundUsd), true);
  const volume = panel(
    2,
    'lots closed since the beginning, by rung',
    samples.map(closedLots),
    true,
  );
  const height = TOP + 3 * (PANEL_HEIGHT + GAP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...silences(samples, x, height),
    ...[price, fund, volume].flatMap((each) => frame(each, seconds, x)),
    line(samples, x, price, (sample) => sample.indexTicks, '#888'),
    line(samples, x, price, (sample) => sample.markTicks, '#222'),
    line(samples, x, fund, fundUsd, '#54a24b'),
    ...stack(samples, x, volume),
    ...legend(price.top, [
      ['index', '#888'],
      ['mark', '#222'],
    ]),
    ...legend(
      volume.top,
      RUNGS.map((rung) => [rung, COLOURS[rung]]),
    ),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function pricesOf(samples: readonly Sample[]): number[] {
  return samples.flatMap(({ indexTicks, markTicks }) => [indexTicks, markTicks]);
}

function fundUsd({ fundMicroUsd }: Sample): number {
  return fundMicroUsd / 1e6;
}

function closedLots(sample: Sample): number {
  return RUNGS.reduce((sum, rung) => sum + sample[rung], 0);
}

function panel(index: number, title: string, values: number[], fromZero: boolean): Panel {
  const top = TOP + index * (PANEL_HEIGHT + GAP);
  const min = fromZero ? 0 : Math.min(...values);
  return { title, top, min, max: Math.max(...values, min + 1) };
}

function y({ top, min, max }: Panel, value: number): number {
  return top + PANEL_HEIGHT * (1 - (value - min) / (max - min));
}

function frame(each: Panel, seconds: number, x: (second: number) => number): string[] {
  const { title, top, min, max } = each;
  const bottom = top + PANEL_HEIGHT;
  const right = WIDTH - RIGHT;
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => min + (max - min) * share);
  return [
    `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${title}</text>`,
    `<rect x="${LEFT}" y="${top}" width="${right - LEFT}" height="${PANEL_HEIGHT}" fill="none" stroke="#999"/>`,
    ...marks.map((value) => {
      return `<text x="${LEFT - 6}" y="${(y(each, value) + 4).toFixed(1)}" text-anchor="end">${shortNumber(value)}</text>`;
    }),
    ...[0, 1, 2, 3, 4, 5].map((part) => {
      const second = Math.round((seconds * part) / 5);
      return `<text x="${x(second).toFixed(1)}" y="${bottom + 15}" text-anchor="middle">${second} s</text>`;
    }),
  ];
}

/** Grey where prices are not trusted. */
function silences(samples: readonly Sample[], x: (second: number) => number, height: number) {
  return samples
    .filter(({ isTrusted }) => !isTrusted)
    .map(({ second }) => {
      const width = (x(second + 1) - x(second)).toFixed(1);
      return `<rect x="${x(second).toFixed(1)}" y="${TOP}" width="${width}" height="${height - TOP - GAP}" fill="#eee"/>`;
    });
}

function line(
  samples: readonly Sample[],
  x: (second: number) => number,
  each: Panel,
  value: (sample: Sample) => number,
  colour: string,
): string {
  const points = samples.map((sample) => {
    return `${x(sample.second).toFixed(1)},${y(each, value(sample)).toFixed(1)}`;
  });
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

function stack(samples: readonly Sample[], x: (second: number) => number, each: Panel): string[] {
  const below = samples.map(() => 0);
  return RUNGS.map((rung) => {
    const lower = samples.map((sample, i) => pointAt(x, each, sample.second, below[i] as number));
    samples.forEach((sample, i) => {
      below[i] = (below[i] as number) + sample[rung];
    });
    const upper = samples.map((sample, i) => pointAt(x, each, sample.second, below[i] as number));
    const points = [...upper, ...lower.reverse()].join(' ');
    return `<polygon points="${points}" fill="${COLOURS[rung]}"/>`;
  });
}

function pointAt(
  x: (second: number) => number,
  each: Panel,
  second: number,
  value: number,
): string {
  return `${x(second).toFixed(1)},${y(each, value).toFixed(1)}`;
}

function legend(top: number, entries: readonly (readonly [string, string])[]): string[] {
  const left = WIDTH - RIGHT + 12;
  return entries.flatMap(([name, colour], i) => [
    `<rect x="${left}" y="${top + i * 20}" width="12" height="12" fill="${colour}"/>`,
    `<text x="${left + 18}" y="${top + i * 20 + 10}">${name}</text>`,
  ]);
}

function shortNumber(value: number): string {
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  return Math.abs(value) >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : value.toFixed(0);
}
