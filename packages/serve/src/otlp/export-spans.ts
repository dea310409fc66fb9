/** Exports what is stored as spans to a collector of OpenTelemetry, by OTLP/HTTP with JSON. */
import { setTimeout as pause } from 'node:timers/promises';
import { PersistenceError, PROGRAM_VERSION, type ChangesOptions, type Persistence } from '@ggen-sim/core';
import { ServeError } from '../errors.ts';
import { startOf } from '../event-position.ts';
import * as names from './genai-names.ts';
import { attributes, spanOf, type Span } from './spans.ts';

/** Spans in one request at most, and their size in JSON, about. */
const BATCH_SPANS = 500;
const BATCH_CHARS = 1024 * 1024;

/** Answers after which the same request may succeed later (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE = new Set([429, 502, 503, 504]);

/** Requests for one batch, before the export fails. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;
/** Longest pause that a collector may ask for (Retry-After). */
const LONGEST_PAUSE_MS = 30_000;

/** Time for a collector to answer. */
const ANSWER_MS = 30_000;

/** Options of {@link exportSpans}. */
export interface SpanExportOptions extends Pick<ChangesOptions, 'after'> {
  /** Address of the collector, to which `/v1/traces` is added: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  /** Further headers of the requests, such as a key. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Result of {@link exportSpans}. */
export interface SpanExportReport {
  readonly spans: number;
  /** Events that are no span; see {@link spanOf}. */
  readonly eventsWithoutSpan: number;
  /** Spans that the collector refused, by its own count. */
  readonly spansRejected: number;
  /**
   * Id of the last event that was exported, for `after` of the next export. Without a new event it is that of the event before,
   * and `null` when there is none.
   */
  readonly after: string | null;
}

/**
 * Exports the events of the change log as spans, oldest first. A span has the same ids each time, so that an export may be
 * repeated.
 * @throws {ServeError} INVALID_ARGUMENT; EXPORT_FAILED, which names the last event that was exported
 * @throws {PersistenceError} NO_CHANGE_LOG, CHANGE_LOG_RESET; ABORTED, which names it as well
 */
export async function exportSpans(
  database: Persistence,
  options: SpanExportOptions,
): Promise<SpanExportReport> {
  const { signal } = options;
  const url = tracesUrl(options.endpoint);
  const { origin } = await database.historyStatus();
  const start = await startOf(database, options.after ?? 0);
  let [spans, eventsWithoutSpan, spansRejected] = [0, 0, 0];
  let exported = start.id ?? null;
  let batch: Span[] = [];
  let batchChars = 0;
  const send = async (last: string): Promise<void> => {
    if (batch.length > 0) {
      const body = JSON.stringify(requestOf(batch, origin ?? ''));
      spansRejected += await post(url, body, options, exported);
      spans += batch.length;
    }
    exported = last;
    [batch, batchChars] = [[], 0];
  };
  let last: string | undefined;
  const events = database.changes({
    rows: true,
    after: start.after,
    ...(signal && { signal }),
  });
  try {
    for await (const event of events) {
      const span = spanOf(event);
      if (span === undefined) eventsWithoutSpan += 1;
      else {
        batch.push(span);
        batchChars += JSON.stringify(span).length;
      }
      last = event.id;
      if (batch.length >= BATCH_SPANS || batchChars >= BATCH_CHARS) await send(last);
    }
    if (last !== undefined) await send(last);
  } catch (error) {
    if (signal?.aborted) throw aborted(signal, exported);
    throw error;
  }
  return { spans, eventsWithoutSpan, spansRejected, after: exported };
}

function tracesUrl(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  // It may hold a key, so it is not shown.
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new ServeError('INVALID_ARGUMENT', '`endpoint` must be an address with http:// or https://');
  }
  return `${url.origin}${url.pathname.replace(/\/$/, '')}/v1/traces${url.search}`;
}

function requestOf(spans: readonly Span[], origin: string): object {
  const resource = attributes({
    [names.SERVICE_NAME]: 'ggen-sim',
    [names.SERVICE_VERSION]: PROGRAM_VERSION,
    [names.SERVICE_INSTANCE_ID]: origin,
  });
  const scope = { name: '@ggen-sim/serve', version: PROGRAM_VERSION };
  return { resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }] };
}

/** Sends one request until it is taken. @returns the number of spans that were refused */
async function post(
  url: string,
  body: string,
  { headers, signal }: SpanExportOptions,
  exported: string | null,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const { failure, retryAfterMs, rejected } = await tryPost(url, body, headers, signal);
    if (failure === undefined) return rejected;
    if (retryAfterMs === undefined || attempt === ATTEMPTS || signal?.aborted)
      throw exportFailed(url, failure, exported);
    const waitMs = Math.max(retryAfterMs, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    // An abort ends the pause, and the next attempt fails at once.
    await pause(Math.min(waitMs, LONGEST_PAUSE_MS), undefined, signal ? { signal } : {}).catch(
      () => undefined,
    );
  }
}

interface Attempt {
  /** Why the collector did not take the request; absent when it did. */
  readonly failure?: string;
  /** Present where the same request may succeed later. */
  readonly retryAfterMs?: number;
  readonly rejected: number;
}

async function tryPost(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Attempt> {
  // Node 20 collects an `AbortSignal.timeout` that only `AbortSignal.any` refers to, and then it never fires.
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(new Error(`it did not answer within ${ANSWER_MS / 1000} s`)),
    ANSWER_MS,
  );
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      // A key in the headers must not follow to another server.
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    });
    const text = await response.text();
    if (response.ok) return { rejected: rejectedIn(text) };
    const failure = `it answered ${response.status} ${text.slice(0, 200)}`.trim();
    if (!RETRYABLE.has(response.status)) return { failure, rejected: 0 };
    return { failure, retryAfterMs: (Number(response.headers.get('retry-after')) || 0) * 1000, rejected: 0 };
  } catch (error) {
    const { cause, message } = error as Error;
    return { failure: cause instanceof Error ? cause.message : message, retryAfterMs: 0, rejected: 0 };
  } finally {
    clearTimeout(timer);
  }
}

/** Reads how many spans a collector has refused (`partialSuccess`). */
function rejectedIn(text: string): number {
  try {
    const answer = JSON.parse(text || '{}') as {
      readonly partialSuccess?: { readonly rejectedSpans?: unknown };
    };
    return Number(answer.partialSuccess?.rejectedSpans) || 0;
  } catch {
    return 0;
  }
}

function exportFailed(url: string, reason: string, exported: string | null): ServeError {
  const [collector] = url.split('?');
  return new ServeError('EXPORT_FAILED', `The collector at ${collector} did not take the spans: ${reason}`, {
    hint: `${progress(exported)}. Look at the collector, and ${exported === null ? 'export again' : 'go on with it as `after`'}`,
  });
}

function aborted({ reason }: AbortSignal, exported: string | null): PersistenceError {
  return new PersistenceError('ABORTED', `Aborted by the caller. ${progress(exported)}`, {
    operation: 'exportSpans',
    hint: exported === null ? 'Export again' : 'Go on with that event as `after`',
    cause: reason,
  });
}

function progress(exported: string | null): string {
  return exported === null ? 'Nothing was exported' : `Everything up to the event ${exported} was exported`;
}
