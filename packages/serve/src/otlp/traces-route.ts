/** `POST /v1/traces`: takes spans from exporters of OpenTelemetry (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
import { gunzipSync } from 'node:zlib';
import { answerJson } from '../http/answers.ts';
import { HttpError } from '../http/http-error.ts';
import type { Exchange, Route } from '../http/route.ts';
import { storeSpans } from './received-spans.ts';

export const tracesRoute: Route = {
  methods: ['POST'],
  path: '/v1/traces',
  writes: true,
  async handle(exchange) {
    const { request, response, database, agentThatWrites, signal } = exchange;
    if (request.headers['content-type']?.startsWith('application/json') !== true)
      throw new HttpError(415, 'UNSUPPORTED_TYPE', 'Spans must be JSON', {
        hint: 'Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json',
      });
    const { rejected, reason } = await storeSpans(database, {
      request: await jsonOf(exchange),
      agentThatWrites,
      signal,
    });
    const partialSuccess = { rejectedSpans: String(rejected), errorMessage: reason };
    answerJson(response, 200, rejected === 0 ? {} : { partialSuccess });
  },
};

async function jsonOf({ request, readBody, limits }: Exchange): Promise<unknown> {
  const body = await readBody();
  const text = request.headers['content-encoding'] === 'gzip' ? unzipped(body, limits.bodyBytes) : body;
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    throw new HttpError(400, 'INVALID_JSON', 'The body is no JSON');
  }
}

/** Unzips a body, up to the limit of bodies: a small one may hold gigabytes. */
function unzipped(body: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError)
      throw new HttpError(413, 'BODY_TOO_LARGE', `The body of a request may have ${maxBytes} bytes at most`);
    throw new HttpError(400, 'INVALID_ARGUMENT', 'The body is not compressed as its header says');
  }
}
