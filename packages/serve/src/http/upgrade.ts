/** Requests that turn their connection to another protocol (RFC 9110, section 7.8), such as a WebSocket. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Persistence } from '@ggen-sim/core';
import { errorBody, type HttpError } from './http-error.ts';
import type { ServeLimits } from './limits.ts';

/** A connection to take. Its Host and Origin were checked, its token was not. */
export interface UpgradeExchange {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What has arrived of the other protocol. */
  readonly head: Buffer;
  readonly database: Persistence;
  readonly limits: ServeLimits;
}

/** A path and what takes connections there. */
export interface Upgrade {
  /** Path of one resource. */
  readonly path: string;
  readonly take: (exchange: UpgradeExchange) => void;
  /** Tells the other ends that the server stops. Connections that are left after the time to stop are cut. */
  readonly stop: () => void;
}

/** Refuses to turn the connection, and ends it. */
export function refuseUpgrade(socket: Duplex, error: HttpError): void {
  const body = errorBody(error);
  const headers = {
    ...error.headers,
    connection: 'close',
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
