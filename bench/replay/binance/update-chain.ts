import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { fieldProblem, type Place } from '../replay-error.js';
import type { DepthUpdate } from './capture-line.js';

/**
 * The venue's rule for a book without a hole: the first update straddles the snapshot, and every other one names
 * its predecessor. Without it the mirror would go on from a book that never was.
 */
export class UpdateChain {
  /** Updates that named their predecessor rightly. */
  linked = 0;
  private lastUpdateId = 0;
  private afterSnapshot = false;

  /** Whether a snapshot is newer than the updates so far; an older one has nothing to add. */
  isNews(snapshotUpdateId: number): boolean {
    return snapshotUpdateId > this.lastUpdateId;
  }

  beginAt(snapshotUpdateId: number): void {
    this.lastUpdateId = snapshotUpdateId;
    this.afterSnapshot = true;
  }

  /** False: the update is older than the snapshot and has to be left out. */
  accept(place: Place, update: DepthUpdate): boolean {
    const { firstUpdateId, lastUpdateId, previousUpdateId } = update;
    if (lastUpdateId < firstUpdateId) {
      throw fieldProblem(place, 'u', String(lastUpdateId), `at least U, which is ${firstUpdateId}`);
    }
    if (this.afterSnapshot) {
      if (lastUpdateId < this.lastUpdateId) return false;
      if (firstUpdateId > this.lastUpdateId + 1) {
        const expected = `at most the snapshot's ${this.lastUpdateId} + 1: updates are missing`;
        throw fieldProblem(place, 'U', String(firstUpdateId), expected);
      }
      this.afterSnapshot = false;
    } else if (previousUpdateId !== this.lastUpdateId) {
      const expected = `${this.lastUpdateId}, the update before: there is a gap in the update ids`;
      throw fieldProblem(place, 'pu', String(previousUpdateId), expected);
    } else {
      this.linked++;
    }
    this.lastUpdateId = lastUpdateId;
    return true;
  }

  write(writer: CanonicalWriter): void {
    writer.put(this.linked);
    writer.put(this.lastUpdateId);
    writer.put(this.afterSnapshot ? 1 : 0);
  }

  read(reader: CanonicalReader): void {
    this.linked = reader.take();
    this.lastUpdateId = reader.take();
    this.afterSnapshot = reader.take() === 1;
  }
}
