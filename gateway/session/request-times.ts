/** Answers that may be out and still find when their request came. */
const PLACES = 1 << 16;
const MASK = PLACES - 1;
/** Sessions begin far from each other, requests of one follow each other. */
const SESSION_STEP = 7919;
/** The wall clock may be so far from where it was taken to be before it is looked at again. */
const CLOCK_TOLERANCE_MS = 2;
const LOOKS_MAX = 5;
const US_PER_MS = 1_000;

/** By class: answers that took less than 2^class µs, the last class all others. */
export const ANSWER_CLASSES = 25;
/** No answer is quicker, so smaller classes would be empty. */
export const ANSWER_CLASS_MIN = 3;

/**
 * When requests came, until they are answered, and how long that took. A table of fixed size in which a newer request takes the place
 * of an older one: nothing is allocated or given back for an order, and an answer whose request is not found merely has no times.
 */
export class RequestTimes {
  /** Answers by class, and the sum of all in µs, since the start. */
  readonly classes = new Float64Array(ANSWER_CLASSES + 1);
  sumUs = 0;
  private readonly sessions = new Int32Array(PLACES);
  private readonly requests = new Int32Array(PLACES);
  private readonly receivedMs = new Float64Array(PLACES);
  private originMs = wallOriginMs();
  private messageMs = 0;

  /** A message has come; what is noted until this is called again came with it. */
  messageCame(): void {
    this.messageMs = performance.now();
  }

  /** A request of that message was sent to a shard. */
  note(session: number, request: number): void {
    const place = placeOf(session, request);
    this.sessions[place] = session;
    this.requests[place] = request;
    this.receivedMs[place] = this.messageMs;
  }

  /** When the request came, of the clock that `performance.now` reads; −1: it is not known any more. */
  receivedAt(session: number, request: number): number {
    const place = placeOf(session, request);
    const isKnown = this.sessions[place] === session && this.requests[place] === request;
    return isKnown ? (this.receivedMs[place] as number) : -1;
  }

  /** The answer goes out now; gives how long it took, in µs. */
  answered(receivedMs: number, nowMs: number): number {
    const us = Math.round((nowMs - receivedMs) * US_PER_MS);
    // 32 − the zeros in front is the number of digits: us < 2^class.
    const digits = 32 - Math.clz32(Math.min(us, 0x7fffffff));
    const found = Math.max(ANSWER_CLASS_MIN, Math.min(digits, ANSWER_CLASSES));
    (this.classes[found] as number)++;
    this.sumUs += us;
    return us;
  }

  /** µs since 1970, by the server's clock. */
  wallUs(ms: number): number {
    return Math.round((this.originMs + ms) * US_PER_MS);
  }

  /** To be called now and then: the clock of requests never goes back, that of the wall is corrected. */
  alignClock(): void {
    const originMs = wallOriginMs();
    if (Math.abs(originMs - this.originMs) > CLOCK_TOLERANCE_MS) this.originMs = originMs;
  }
}

/** What the wall clock said at the zero of `performance.now`. A pause between the two looks would be taken for a difference, so it is looked again. */
function wallOriginMs(): number {
  for (let looksLeft = LOOKS_MAX; ; looksLeft--) {
    const beforeMs = performance.now();
    const wallMs = Date.now();
    const tookMs = performance.now() - beforeMs;
    if (tookMs < CLOCK_TOLERANCE_MS / 2 || looksLeft === 1) return wallMs - beforeMs;
  }
}

function placeOf(session: number, request: number): number {
  return (Math.imul(session, SESSION_STEP) + request) & MASK;
}
