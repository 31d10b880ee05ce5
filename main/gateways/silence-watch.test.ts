import { expect, it } from 'vitest';
import { SILENT_MS, SilenceWatch } from './silence-watch.js';

const LOOK_MS = 250;

function lookUntil(watch: SilenceWatch, fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += LOOK_MS) watch.look(nowMs);
}

it('calls silent who has given no sign of life for so long', () => {
  const watch = new SilenceWatch(0);
  lookUntil(watch, LOOK_MS, SILENT_MS);
  expect(watch.isSilent(1)).toBe(false);
  expect(watch.isSilent(0)).toBe(true);
});

it('begins anew when it stood still itself', () => {
  const watch = new SilenceWatch(0);
  lookUntil(watch, LOOK_MS, SILENT_MS - LOOK_MS);
  const wakesMs = SILENT_MS + 10_000;
  watch.look(wakesMs);
  expect(watch.isSilent(0)).toBe(false);
  lookUntil(watch, wakesMs, wakesMs + SILENT_MS - LOOK_MS);
  expect(watch.isSilent(0)).toBe(false);
  watch.look(wakesMs + SILENT_MS);
  expect(watch.isSilent(0)).toBe(true);
  expect(watch.isSilent(wakesMs + LOOK_MS)).toBe(false);
});
