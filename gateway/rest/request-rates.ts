import { type Rates, TokenBucket } from '../session/token-bucket.js';

/** What is left for a client, as headers tell it. */
export interface Allowance {
  isGranted: boolean;
  limit: number;
  remaining: number;
  /** Seconds until all of it is there again. */
  resetSeconds: number;
  /** Seconds until this request would be let through; 0 when it was. */
  retrySeconds: number;
}

const BUCKETS_MAX = 50_000;

/** A bucket for each address or account that has asked lately. Full buckets are forgotten: they say nothing. */
export class RequestRates<Key> {
  private readonly buckets = new Map<Key, TokenBucket>();
  private readonly rates: Rates;

  constructor(requestsPerSecond: number, requestsBurst: number) {
    const none = { cancelsPerSecond: 0, cancelsBurst: 0 };
    this.rates = { requestsPerSecond, requestsBurst, ...none };
  }

  /** Takes tokens if there are so many. A request that costs more than the burst is let through when the bucket is full. */
  take(key: Key, cost: number, nowMs: number): Allowance {
    let bucket = this.buckets.get(key);
    if (bucket === undefined) {
      if (this.buckets.size >= BUCKETS_MAX) this.sweep(nowMs);
      bucket = new TokenBucket(this.rates, nowMs);
      this.buckets.set(key, bucket);
    }
    const { requestsBurst } = this.rates;
    const count = Math.min(cost, requestsBurst);
    const isGranted = bucket.take(count, nowMs);
    return {
      isGranted,
      limit: requestsBurst,
      remaining: bucket.remaining(nowMs),
      resetSeconds: bucket.secondsUntil(requestsBurst, nowMs),
      retrySeconds: isGranted ? 0 : Math.max(1, bucket.secondsUntil(count, nowMs)),
    };
  }

  /** Whoever fills the table from ever new addresses pushes out the oldest ones: memory is bounded either way. */
  private sweep(nowMs: number): void {
    const { requestsBurst } = this.rates;
    for (const [key, bucket] of this.buckets) {
      if (bucket.remaining(nowMs) >= requestsBurst) this.buckets.delete(key);
    }
    for (const key of this.buckets.keys()) {
      if (this.buckets.size < BUCKETS_MAX / 2) break;
      this.buckets.delete(key);
    }
  }
}

/** What counts as one address: of IPv6 the network of 64 bits that one subscriber has. */
function addressKey(text: string): string {
  const isMapped = text.startsWith('0000:0000:0000:0000:0000:ffff:') || text.startsWith('::ffff:');
  if (!text.includes(':') || isMapped) return text;
  const [high = '', low] = text.split('::');
  // In short form zeros stand for what is missing.
  const groups = high === '' ? [] : high.split(':');
  if (low !== undefined) while (groups.length < NETWORK_GROUPS) groups.push('0');
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':');
}

const NETWORK_GROUPS = 4;

/** What a request says of where it comes from; addresses as the socket spells them, empty when there is none. */
export interface Origin {
  peer: string;
  /** From the PROXY protocol, version 2. */
  proxied: string;
  /** The header x-forwarded-for. */
  forwardedFor: string;
}

const LOOPBACK =
  /^(127\.|0000:0000:0000:0000:0000:0000:0000:0001$|0000:0000:0000:0000:0000:ffff:7f)/;

/**
 * Whose allowance a request is charged to. Behind a proxy all would share that of the proxy, so a proxy on this machine is believed: what
 * it says by the PROXY protocol, or the last address in x-forwarded-for, which is the one that it has added itself. From anywhere else
 * both could be made up by the client.
 */
export function addressOf({ peer, proxied, forwardedFor }: Origin): string {
  if (!LOOPBACK.test(peer)) return addressKey(peer);
  if (proxied !== '') return addressKey(proxied);
  const last = forwardedFor.split(',').at(-1)?.trim() ?? '';
  return addressKey(last === '' ? peer : last.slice(0, ADDRESS_CHARACTERS_MAX));
}

/** The longest spelling of an address. */
const ADDRESS_CHARACTERS_MAX = 45;
