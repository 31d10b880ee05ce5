/** So many looks in vain take a moment in which another core would have done something. */
const LOOKS = 500;
const PAUSE_MS = 0.05;

/**
 * For a thread that looks again and again whether the other one has gone on: where both share one core with others, as long as it looks the
 * other one does nothing, so after a while it gives the core away.
 */
export class Patience {
  private readonly nobody = new Int32Array(new SharedArrayBuffer(4));
  private last = -1;
  private inVain = 0;

  /** `done`: what grows as long as there is anything to do. */
  look(done: number): void {
    this.inVain = done === this.last ? this.inVain + 1 : 0;
    this.last = done;
    if (this.inVain > LOOKS) Atomics.wait(this.nobody, 0, 0, PAUSE_MS);
  }
}
