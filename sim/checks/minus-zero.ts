import { assert } from '../../engine/assert.js';
import type { Shard } from '../../engine/shard/shard.js';
import { CanonicalWriter } from '../../engine/state/canonical-writer.js';

/**
 * −0 equals 0 in every rule and in every hash, but its bytes differ: state that holds one emits other events than the same state
 * from a snapshot, which knows only 0.
 */
export function refuseMinusZero(shard: Shard): void {
  shard.writeSnapshot(new WriterWithoutMinusZero());
}

class WriterWithoutMinusZero extends CanonicalWriter {
  override put(value: number): void {
    assert(!Object.is(value, -0), `the state has a −0, as number ${this.length} of its snapshot`);
    super.put(value);
  }
}
