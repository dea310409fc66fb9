/** A target over HTTP: a hub that `ggen-sim serve --hub` serves. `fetch` is all that it needs, so it runs in a page as well. */
import type { IncomingChange } from '@ggen-sim/core';
import { createParser } from 'eventsource-parser';
import type { ChainPosition, PulledBatch, SyncTarget } from '../contract/sync-target.ts';
import { GZIP_FROM_BYTES, HUB_PATH, type HubMethod } from '../contract/over-http.ts';
import { SyncError, type SyncErrorCode } from '../errors.ts';
import { abortWith, checkDuration, startTimer } from '../timers.ts';

/** The server ends an answer after 60 s; this ends a wait for one that is gone without a word. */
export const ANSWER_TIMEOUT_MS = 90_000;

/** A hub sends something every 15 s, so one that is silent for so long is gone without a word. */
const SILENCE_TIMEOUT_MS = 45_000;
/** Size of an event in characters; a hub sends some twenty. */
const EVENT_CHARACTERS = 65_536;

/** Most bytes of an answer, unpacked. A pull has about 1 MiB, or one row that is larger. */
const ANSWER_BYTES = 256 * 1024 * 1024;

/** Length of an id, in characters. Those of a hub are UUIDs; they are stored in the database. */
const ID_CHARACTERS = 200;

/** Length of what is repeated of a hub's own words, in characters: it is stored with each failure. */
const MESSAGE_CHARACTERS = 1000;

/** What a hub says of a batch or a checkpoint. Other codes are those of its server. */
const CODES_OF_BATCHES: ReadonlySet<string> = new Set<SyncErrorCode>([
  'FORKED',
  'CHECKPOINT_INCONSISTENT',
  'SYNC_GAP',
  'SYNC_INVALID',
  'SYNC_KEY_REQUIRED',
  'SYNC_WRONG_KEY',
  'SYNC_NO_COSIGNER',
]);

/** Statuses of a server that may answer later, or of a proxy before it (RFC 9110, section 15). */
const IS_LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** Remedies that name options of this package, which the hub cannot know. */
const FORKED_HINT =
  'Nothing is lost. Give this file an id of its own with `renewOrigin`; both files then go on.';
const TOKEN_HINT =
  'Give the token of the hub: on a command line and in Node in the variable GGEN_SIM_SYNC_TOKEN, in a page as an option.';
const SCOPE_HINT = 'Call `push` or `pull` alone, or give a token that allows both.';

/** The `error` of an answer. */
interface AnsweredError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/**
 * Makes a target of the address of a hub. Nothing is sent before the first call.
 * @param url - `http://…` or `https://…`, without what comes after the path
 * @param token - sent to this address alone: a redirect is refused
 * @param answerTimeoutMs - longest wait for an answer
 * @param answerBytes - most bytes of an answer, unpacked; a larger one is SYNC_INVALID
 * @throws {SyncError} SYNC_UNAUTHORIZED for a token that no header can hold; INVALID_ARGUMENT
 */
export function httpTarget(
  url: string,
  token: string | undefined,
  answerTimeoutMs: number = ANSWER_TIMEOUT_MS,
  answerBytes: number = ANSWER_BYTES,
): SyncTarget {
  checkDuration('answerTimeoutMs', answerTimeoutMs);
  const trimmed = token?.trim() ?? '';
  if (/[^\x21-\x7e]/.test(trimmed)) {
    throw new SyncError('SYNC_UNAUTHORIZED', 'The token of the hub has characters that a token never has', {
      hint: TOKEN_HINT,
    });
  }
  const base = url.replace(/\/+$/, '');
  const closed = new AbortController();
  const call = async <T>(
    method: HubMethod,
    value: unknown,
    isResult: (result: unknown) => result is T,
  ): Promise<T> => {
    const text = JSON.stringify(value);
    const limits = { answerTimeoutMs, answerBytes };
    const result = await resultOf(base, method, trimmed, text, closed.signal, limits);
    if (isResult(result)) return result;
    throw noHub(base, `its answer to ${method} is none`);
  };
  return {
    id: () => call('id', {}, isId),
    cursor: (origin) => call('cursor', { origin }, isPosition),
    unknown: async (leaves) => (leaves.length === 0 ? [] : call('unknown', { leaves }, isTexts)),
    push: (batch) => call('push', batch, isPosition),
    pull: (request) => call('pull', request, isPulledBatch),
    cosign: (note) => call('cosign', { note }, isText),
    subscribe: (signal) => positionsOf(base, trimmed, [closed.signal, signal], answerTimeoutMs),
    close: async () => closed.abort(),
  };
}

async function resultOf(
  base: string,
  method: HubMethod,
  token: string,
  text: string,
  closed: AbortSignal,
  { answerTimeoutMs, answerBytes }: { readonly answerTimeoutMs: number; readonly answerBytes: number },
): Promise<unknown> {
  const headers = headersWith(token, 'application/json');
  headers.set('content-type', 'application/json');
  let body: string | ArrayBuffer = text;
  if (text.length >= GZIP_FROM_BYTES) {
    body = await compressed(text);
    headers.set('content-encoding', 'gzip');
  }
  let response: Response;
  let answer: string;
  const ended = new AbortController();
  const unlink = abortWith(ended, closed);
  const timer = startTimer(() => ended.abort(silentFor(answerTimeoutMs)), answerTimeoutMs);
  try {
    response = await fetchAgain(`${base}${HUB_PATH}/${method}`, {
      ...NOWHERE_ELSE,
      method: 'POST',
      headers,
      body,
      signal: ended.signal,
    });
    answer = await textOf(base, response, answerBytes);
  } catch (error) {
    throw error instanceof SyncError ? error : cannotReach(base, error);
  } finally {
    clearTimeout(timer);
    unlink();
  }
  refuseRedirect(base, response);
  const parsed = parseObject(answer);
  if (response.ok && 'result' in parsed) return parsed['result'];
  throw failureOf(base, response, errorIn(parsed['error']));
}

/**
 * Sends a request, and once more where its connection was closed before it was answered: a server closes those that nobody uses,
 * which may cross a request on its way. Browsers do so themselves, the client of Node does not. A request that is answered twice
 * makes no difference to the hub.
 */
async function fetchAgain(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { code = '' } = ((error as Error).cause ?? {}) as { readonly code?: string };
    if (!CONNECTION_CLOSED.has(code)) throw error;
    return fetch(url, init);
  }
}

/** Codes of Node, and of the client in it. */
const CONNECTION_CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Reads the positions that a hub sends as server-sent events. An `EventSource` would send no token. */
async function* positionsOf(
  base: string,
  token: string,
  closed: readonly AbortSignal[],
  answerTimeoutMs: number,
): AsyncGenerator<number, void> {
  const ended = new AbortController();
  const unlink = abortWith(ended, ...closed);
  let timer = startTimer(() => ended.abort(silentFor(answerTimeoutMs)), answerTimeoutMs);
  const heard = (): void => {
    clearTimeout(timer);
    timer = startTimer(() => ended.abort(silentFor(SILENCE_TIMEOUT_MS)), SILENCE_TIMEOUT_MS);
  };
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const headers = headersWith(token, 'text/event-stream');
    const response = await fetch(`${base}${HUB_PATH}/subscribe`, {
      ...NOWHERE_ELSE,
      headers,
      signal: ended.signal,
    });
    refuseRedirect(base, response);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
    if (!response.ok || !isStream) {
      throw failureOf(
        base,
        response,
        errorIn(parseObject(await textOf(base, response, EVENT_CHARACTERS))['error']),
      );
    }
    const positions: number[] = [];
    const parser = createParser({
      maxBufferSize: EVENT_CHARACTERS,
      onEvent({ data }) {
        const { position } = parseObject(data);
        if (Number.isSafeInteger(position)) positions.push(position as number);
      },
    });
    reader = response.body?.getReader();
    const decoder = new TextDecoder();
    for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
      heard();
      parser.feed(decoder.decode(chunk.value, { stream: true }));
      yield* positions.splice(0);
    }
    throw new Error('the hub has ended the stream');
  } catch (error) {
    if (closed.some(({ aborted }) => aborted)) return;
    throw error instanceof SyncError ? error : cannotReach(base, error);
  } finally {
    clearTimeout(timer);
    unlink();
    await reader?.cancel().catch(() => undefined);
  }
}

/** The token is sent to the hub alone. */
const NOWHERE_ELSE = {
  redirect: 'manual',
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
} as const satisfies RequestInit;

function headersWith(token: string, accept: string): Headers {
  const headers = new Headers({ accept });
  if (token !== '') headers.set('authorization', `Bearer ${token}`);
  return headers;
}

/** @throws {SyncError} SYNC_TARGET_INVALID */
function refuseRedirect(base: string, { type, status, headers }: Response): void {
  // A page is not told where a redirect leads.
  if (type !== 'opaqueredirect' && !(status >= 300 && status < 400)) return;
  const location = headers.get('location');
  throw new SyncError(
    'SYNC_TARGET_INVALID',
    `${base} redirects${location === null ? '' : ` to ${location}`}, where the token is not sent`,
    { hint: 'Give the address of the hub itself. Does it begin with https://?' },
  );
}

/** Reads an answer, which would be kept in memory whatever its size. @throws {SyncError} SYNC_INVALID */
async function textOf(base: string, { body }: Response, maxBytes: number): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
    bytes += chunk.value.length;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw new SyncError('SYNC_INVALID', `The hub at ${base} answers with more than ${maxBytes} bytes`);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

async function compressed(text: string): Promise<ArrayBuffer> {
  const bytes = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(bytes).arrayBuffer();
}

function failureOf(base: string, { status, headers }: Response, error: AnsweredError | undefined): SyncError {
  const reason = error?.message ?? `status ${status}`;
  if (status === 413) {
    return new SyncError('SYNC_INVALID', `A row is too large for the hub at ${base}: ${reason}`, {
      hint: 'Over PostgreSQL or a file, rows may be larger.',
    });
  }
  if (error !== undefined && CODES_OF_BATCHES.has(error.code)) {
    const { code, message, hint } = error;
    return new SyncError(code as SyncErrorCode, message, { hint: code === 'FORKED' ? FORKED_HINT : hint });
  }
  if (status === 401 || (status === 403 && error !== undefined)) {
    return new SyncError('SYNC_UNAUTHORIZED', `The hub at ${base} refuses: ${reason}`, {
      hint:
        status === 401
          ? TOKEN_HINT
          : [error?.hint, ...(error?.code === 'FORBIDDEN_SCOPE' ? [SCOPE_HINT] : [])]
              .filter((hint) => hint !== undefined)
              .map((hint) => hint.replace(/\.?$/, '.'))
              .join(' '),
    });
  }
  if (status >= 500 || IS_LATER.has(status)) {
    const seconds = Number(headers.get('retry-after') ?? 0);
    return new SyncError('SYNC_UNREACHABLE', `The hub at ${base} cannot be used: ${reason}`, {
      hint: LATER_HINT,
      retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
    });
  }
  // A ggen-sim server that serves no hub has nothing at the path.
  return noHub(base, reason);
}

const LATER_HINT = 'Saves go on here. Synchronise again when it can be reached.';

function silentFor(durationMs: number): Error {
  return new Error(`it did not answer within ${durationMs / 1000} s`);
}

function cannotReach(base: string, error: unknown): SyncError {
  // `fetch` of Node keeps the reason in the cause; that of a browser tells none.
  const { message, cause } = error as Error & { readonly cause?: Error & { readonly code?: string } };
  const reason = cause?.message || cause?.code || message;
  return new SyncError('SYNC_UNREACHABLE', `The hub at ${base} cannot be reached: ${reason}`, {
    hint: LATER_HINT,
    cause: error,
  });
}

function noHub(base: string, reason: string): SyncError {
  return new SyncError('SYNC_TARGET_INVALID', `There is no hub at ${base}: ${reason}`, {
    hint: "A hub is served by 'ggen-sim serve --hub'.",
  });
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function errorIn(given: unknown): AnsweredError | undefined {
  if (!isObject(given)) return undefined;
  const { code, message, hint } = given;
  if (!isText(code) || !isText(message)) return undefined;
  const shortened = (text: string): string => text.slice(0, MESSAGE_CHARACTERS);
  return { code, message: shortened(message), hint: isText(hint) ? shortened(hint) : undefined };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isId(value: unknown): value is string {
  return isText(value) && value.length <= ID_CHARACTERS;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isPosition(value: unknown): value is ChainPosition {
  return (
    isObject(value) &&
    Number.isSafeInteger(value['seq']) &&
    isText(value['chain']) &&
    /^[0-9a-f]{64}$/.test(value['chain'])
  );
}

function isPulledBatch(value: unknown): value is PulledBatch {
  if (!isObject(value)) return false;
  const { changes, position, pushId, isLast } = value;
  return (
    Array.isArray(changes) &&
    changes.every(isChange) &&
    Number.isSafeInteger(position) &&
    (position as number) >= 0 &&
    (pushId === null || isId(pushId)) &&
    typeof isLast === 'boolean'
  );
}

/** Looks at the parts that the database does not check by itself. */
function isChange(value: unknown): value is IncomingChange {
  if (!isObject(value)) return false;
  const { row, parent, leaves, reason } = value;
  return (
    (row === null || isObject(row)) &&
    (parent === null || isText(parent)) &&
    isTexts(leaves) &&
    (reason === null || isText(reason))
  );
}
