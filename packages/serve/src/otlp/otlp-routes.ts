/** `POST /v1/traces` and `/v1/logs`: take what OpenTelemetry exports (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
import { gunzipSync } from 'node:zlib';
import type { Persistence } from '@ggen-sim/core';
import { answerBytes, answerJson } from '../http/answers.ts';
import { HttpError, httpErrorOf } from '../http/http-error.ts';
import type { Exchange, Route } from '../http/route.ts';
import { decodeMessage, encodeAnswer, encodeStatus, EXPORT_REQUESTS } from './protobuf.ts';
import { storeLogs } from './received-logs.ts';
import type { Received, Stored } from './received-rows.ts';
import { storeSpans } from './received-spans.ts';

const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

/** Codes of `google.rpc.Status` by HTTP status, for a body in protobuf; all others are UNKNOWN. */
const RPC_CODES: Readonly<Record<number, number>> = { 400: 3, 413: 8, 415: 3, 429: 8, 503: 14, 504: 4 };
const RPC_UNKNOWN = 2;

/** The routes of the signals that are taken. */
export const otlpRoutes: readonly Route[] = [
  route('traces', storeSpans, 'rejectedSpans'),
  route('logs', storeLogs, 'rejectedLogRecords'),
];

function route(
  signal: keyof typeof EXPORT_REQUESTS,
  store: (database: Persistence, received: Received) => Promise<Stored>,
  countName: string,
): Route {
  return {
    methods: ['POST'],
    path: `/v1/${signal}`,
    writes: true,
    async handle(exchange) {
      const { response } = exchange;
      if (typeOf(exchange) === JSON_TYPE) {
        const { rejected, reason } = await stored(exchange, parseJson);
        const partialSuccess = { [countName]: String(rejected), errorMessage: reason };
        answerJson(response, 200, rejected === 0 ? {} : { partialSuccess });
        return;
      }
      try {
        const { rejected, reason } = await stored(exchange, (body) => parseProtobuf(signal, body));
        answerBytes(response, 200, PROTOBUF_TYPE, encodeAnswer(rejected, reason));
      } catch (error) {
        const { status, message, headers } = httpErrorOf(error);
        const body = encodeStatus(RPC_CODES[status] ?? RPC_UNKNOWN, message);
        answerBytes(response, status, PROTOBUF_TYPE, body, headers);
      }
    },
  };

  async function stored(
    { request, readBody, limits, database, agentThatWrites, signal: ended }: Exchange,
    parse: (body: Buffer) => unknown,
  ): Promise<Stored> {
    const body = await readBody();
    const plain = unzipped(body, request.headers['content-encoding'], limits.bodyBytes);
    return store(database, { request: parse(plain), agentThatWrites, signal: ended });
  }
}

/** @throws {HttpError} 415 */
function typeOf({ request }: Exchange): typeof JSON_TYPE | typeof PROTOBUF_TYPE {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === JSON_TYPE || type === PROTOBUF_TYPE) return type;
  throw new HttpError(415, 'UNSUPPORTED_TYPE', `The body must be ${JSON_TYPE} or ${PROTOBUF_TYPE}`, {
    hint: 'Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf or http/json',
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpError(400, 'INVALID_JSON', 'The body is no JSON');
  }
}

function parseProtobuf(signal: keyof typeof EXPORT_REQUESTS, body: Buffer): unknown {
  try {
    return decodeMessage(EXPORT_REQUESTS[signal], body);
  } catch {
    throw new HttpError(400, 'INVALID_ARGUMENT', `The body is no protobuf message of ${signal}`);
  }
}

/**
 * Unzips a body, up to the limit of bodies: a small one may hold gigabytes.
 * @throws {HttpError} 400, 413; 415 for another compression
 */
function unzipped(body: Buffer, encoding: string | undefined, maxBytes: number): Buffer {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip')
    throw new HttpError(415, 'UNSUPPORTED_TYPE', 'The body may be compressed by gzip only', {
      hint: 'Set OTEL_EXPORTER_OTLP_COMPRESSION=gzip',
    });
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError)
      throw new HttpError(413, 'BODY_TOO_LARGE', `The body of a request may have ${maxBytes} bytes at most`);
    throw new HttpError(400, 'INVALID_ARGUMENT', 'The body is not compressed as its header says');
  }
}
