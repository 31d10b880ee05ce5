/**
 * A second door over the gateway's folds. It is told of events after the folds have taken them, so that whoever asks it next
 * sees what he was just answered. The arrays are valid during the call only.
 */
export interface EventObserver {
  /** Bits of W_SESSION by which answers to its commands are known. */
  readonly number: number;
  /** An answer to a command that was sent under `number`. */
  answer(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void;
  /** An event with a number in its account's feed; none comes twice. */
  privateEvent(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void;
  /** An event of a market, from its host. */
  publicEvent(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void;
}
