import { HttpError } from '../http/http-error.ts';

/** Addresses that are remembered. Beyond that, the ones that have waited longest are forgotten. */
const MAX_ADDRESSES = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A limit of requests for each address: a bucket that holds one second's worth, and fills steadily (token bucket). */
export class RateLimit {
  readonly #perSecond: number;
  readonly #clock: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param clock - milliseconds that only ascend */
  constructor(perSecond: number, clock: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Counts a request. @throws {HttpError} 429 when the address has sent too many */
  take(address: string): void {
    const bucket = this.#bucketOf(address);
    if (bucket.tokens < 1) throw tooMany(Math.ceil((1 - bucket.tokens) / this.#perSecond));
    bucket.tokens -= 1;
    // The order of a map is that of insertion, so the first one has waited longest.
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    const [oldest = ''] = this.#buckets.keys();
    if (this.#buckets.size > MAX_ADDRESSES) this.#buckets.delete(oldest);
  }

  #bucketOf(address: string): Bucket {
    const now = this.#clock();
    const before = this.#buckets.get(address);
    if (before === undefined) return { tokens: this.#perSecond, atMs: now };
    const filled = before.tokens + ((now - before.atMs) / 1000) * this.#perSecond;
    return { tokens: Math.min(this.#perSecond, filled), atMs: now };
  }
}

function tooMany(retryAfterSeconds: number): HttpError {
  return new HttpError(429, 'TOO_MANY_REQUESTS', 'Too many requests from this address', {
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}
