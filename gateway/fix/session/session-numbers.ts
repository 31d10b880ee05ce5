/** So far may the oldest message without an answer lie behind the newest one. */
const OPEN_SPAN_MAX = 65_536;

/**
 * Both directions' numbers of a FIX session, which live on when its connection ends. Inbound there are two: up to where
 * messages have come, and up to where all of them have their answer, which is where a restart begins to ask again.
 */
export class SessionNumbers {
  /** MsgSeqNum of the next message to the client. */
  nextOut: number;
  /** MsgSeqNum that the client's next message must have. */
  nextIn: number;
  /** The lowest one that has not been answered yet. */
  private low: number;
  /** Answered ones above it. */
  private readonly answered: Set<number>;

  constructor(nextOut = 1, nextIn = 1, answered: readonly number[] = []) {
    this.nextOut = nextOut;
    this.nextIn = nextIn;
    this.low = nextIn;
    this.answered = new Set(answered);
  }

  /** Lowest number without an answer: all below have one. */
  get unanswered(): number {
    return this.low;
  }

  /** The numbers from `unanswered` on that do have an answer. */
  get answeredBeyond(): number[] {
    return [...this.answered].sort((a, b) => a - b);
  }

  /** The message with this number needs nothing more. */
  answer(sequence: number): void {
    if (sequence < this.low) return;
    this.answered.add(sequence);
    while (this.answered.delete(this.low)) this.low++;
    if (this.answered.size > OPEN_SPAN_MAX) this.forgetUpTo(this.nextIn);
  }

  /** A message that is asked for again after a restart, but was answered before it. */
  isAnswered(sequence: number): boolean {
    return sequence < this.low || this.answered.has(sequence);
  }

  /** The client skips numbers: nothing is to be answered there. */
  skipTo(next: number): void {
    if (next - this.low > OPEN_SPAN_MAX) this.forgetUpTo(next);
    for (let sequence = this.nextIn; sequence < next; sequence++) this.answer(sequence);
    this.nextIn = next;
  }

  /** Bounds what is remembered; who waits for an answer from so far back asks for the order's status. */
  private forgetUpTo(next: number): void {
    for (const sequence of this.answered) if (sequence < next) this.answered.delete(sequence);
    this.low = Math.max(this.low, next);
    this.nextIn = Math.max(this.nextIn, next);
  }
}
