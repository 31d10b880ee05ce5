/**
 * When a door hands on what clients have sent. Under load that is after all messages of this turn of the event loop: one frame of the
 * shard and one write for each connection. When they come one by one, waiting for the turn's end would only delay them.
 */
export class TurnPace {
  private readonly handOn: () => void;
  private armed = false;
  private turns = 0;
  /** In this turn, and whether the last one had no more than one. */
  private messages = 0;
  private quiet = true;

  constructor(handOn: () => void) {
    this.handOn = handOn;
  }

  /** Number of the turn; it goes up at the end of each in which something came. */
  get number(): number {
    return this.turns;
  }

  /** A message has come, and what comes of it waits to be handed on. */
  came(): void {
    this.messages++;
    if (!this.armed) {
      this.armed = true;
      setImmediate(this.endTurn);
    }
    if (this.quiet) this.handOn();
  }

  private readonly endTurn = (): void => {
    this.armed = false;
    this.turns++;
    if (!this.quiet) this.handOn();
    this.quiet = this.messages <= 1;
    this.messages = 0;
  };
}
