/** Limits of a server. Each one bounds what a caller can make it hold or do. */
export interface ServeLimits {
  /** Size of the body of a request in bytes. @default 4194304 (4 MiB) */
  readonly bodyBytes: number;
  /** Size of the first line and the headers of a request in bytes. @default 16384 */
  readonly headerBytes: number;
  /** Connections at a time; a further one is closed at once. @default 128 */
  readonly connections: number;
  /** Streams (SSE) at a time, of the connections; a further one is answered with 503. @default 64 */
  readonly streams: number;
  /** Requests a second of one address that have the token, or need none; more are answered with 429. @default 1000 */
  readonly requestsPerSecond: number;
  /**
   * Requests a second of one address that have no token where there is one: to public routes, and refused ones. They are
   * counted apart, so that who has no token cannot use up what the others may send.
   * @default 100
   */
  readonly publicRequestsPerSecond: number;
  /** Time for a request to arrive whole, in milliseconds. @default 30000 */
  readonly receiveMs: number;
  /** Time to answer a request that is no stream, in milliseconds; then it is answered with 503. @default 60000 */
  readonly answerMs: number;
  /** Time to read the database for `/healthz`, in milliseconds; then it is answered with 503. @default 2000 */
  readonly healthMs: number;
  /**
   * Time that `/metrics` waits for rows to be counted, in milliseconds; then it has the numbers of before. @default 2000
   */
  readonly metricsMs: number;
  /** Time that the reader of a stream may take for what was sent, in milliseconds; then it is disconnected. @default 60000 */
  readonly stalledMs: number;
  /** Pause after which a stream without events sends a comment, in milliseconds. @default 15000 */
  readonly heartbeatMs: number;
  /** Time for running requests to end when the server stops, in milliseconds. @default 10000 */
  readonly stopMs: number;
}

export const DEFAULT_LIMITS: ServeLimits = {
  bodyBytes: 4 * 1024 * 1024,
  headerBytes: 16 * 1024,
  connections: 128,
  streams: 64,
  requestsPerSecond: 1000,
  publicRequestsPerSecond: 100,
  receiveMs: 30_000,
  answerMs: 60_000,
  healthMs: 2000,
  metricsMs: 2000,
  stalledMs: 60_000,
  heartbeatMs: 15_000,
  stopMs: 10_000,
};
