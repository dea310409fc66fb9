import type { ServerResponse } from 'node:http';
import { errorBody, type HttpError } from './http-error.ts';

/** Header of every answer with the id of the run of the server, by which a state file is compared with it. */
export const INSTANCE_HEADER = 'ggen-sim-instance';

/** Headers of every answer; a route may replace them. No browser may keep, frame, guess the type of or share what is here. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerText(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`, headers);
}

/** Answers with text of a type. */
export function answerText(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerBytes(response, status, contentType, Buffer.from(text), headers);
}

/** Answers with bytes of a type. */
export function answerBytes(
  response: ServerResponse,
  status: number,
  contentType: string,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...headers,
    'content-type': contentType,
    'content-length': bytes.length,
  });
  response.end(bytes);
}

/** Answers with an error. */
export function answerError(response: ServerResponse, error: HttpError): void {
  answerText(response, error.status, 'application/json; charset=utf-8', errorBody(error), error.headers);
}
