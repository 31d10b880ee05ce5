import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { sharedFolder } from '../../shared-folder.js';
import { runCommand } from '../command.js';
import type { ReplayReport } from '../replay.js';

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-replay-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by name and returns their paths in the same order. */
export function writeFiles(folder: string, files: Record<string, string | Uint8Array>): string[] {
  return Object.entries(files).map(([name, content]) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  });
}

/** Runs the command as a user would, with `--json`. */
export async function replayToJson(...args: string[]): Promise<Record<string, unknown>> {
  let text = '';
  await runCommand([...args, '--json'], (part) => {
    text += part;
  });
  return JSON.parse(text) as ReplayReport;
}

/** Everything but the speed: equal for every run of the same recording. */
export function withoutSpeed(report: Record<string, unknown>): Record<string, unknown> {
  const { messagesPerSecond: _, ...rest } = report;
  return rest;
}

/** What the command says when it fails; fails the test when it does not. */
export async function failureOf(...args: string[]): Promise<string> {
  try {
    await replayToJson(...args);
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplayError') return error.message;
    throw error;
  }
  throw new Error(`the replay of ${args.join(' ')} did not fail`);
}

/** Path of a published recording, null when this machine does not have it. */
export function sharedRecording(...parts: string[]): string | null {
  const path = join(sharedFolder(), 'data', ...parts);
  return existsSync(path) ? path : null;
}
