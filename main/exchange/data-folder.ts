import fs from 'node:fs';
import { StartError } from '../config/problem.js';
import { freeBytesOf } from '../observe/disk-watch.js';

/** For the first messages of an epoch, and the histories' empty databases. */
const START_BYTES_MIN = 4 * 1024 ** 2;

/**
 * Makes the folder if there is none. A StartError when it cannot be used, or has no room: without, an exchange would wait for some at its
 * first message, with no door open to say so.
 */
export async function makeDataFolder(dataDir: string): Promise<void> {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    fs.accessSync(dataDir, fs.constants.W_OK);
  } catch (error) {
    throw new StartError(`the data folder ${dataDir} cannot be used: ${(error as Error).message}`);
  }
  const freeBytes = await freeBytesOf(dataDir).catch(() => Number.POSITIVE_INFINITY);
  if (freeBytes < START_BYTES_MIN) {
    const room = `has ${freeBytes} bytes left, and a start needs ${START_BYTES_MIN}`;
    throw new StartError(
      `the disk of the data folder ${dataDir} ${room}; make room and start again`,
    );
  }
}
