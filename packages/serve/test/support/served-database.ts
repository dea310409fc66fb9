/** A real database file, served over a real socket for one test. */
import fs from 'node:fs';
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { afterAll, onTestFinished } from 'vitest';
import { serveDatabase, type RunningServer, type ServeOptions } from '../../src/index.ts';

/** An answer, as it came over the connection. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A database, the server of it, and ways to call it. */
export interface Served {
  readonly folder: string;
  readonly file: string;
  /** A connection of its own to the same file, as another process has. */
  readonly database: Persistence;
  readonly server: RunningServer;
  /** Headers with the token. */
  readonly authorized: Readonly<Record<string, string>>;
  /** Sends exactly this path and these headers, which `fetch` would change. */
  readonly request: (path: string, options?: RequestOptions) => Promise<Answer>;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** @default true */
  readonly hasToken?: boolean;
}

/** Makes a folder for the running test. */
export function createFolder(): string {
  const folder = makeFolder();
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function makeFolder(): string {
  return fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-serve-')));
}

/** Serves a new database for all tests of a file. */
export async function serveForAll(options: ServeOptions): Promise<Served> {
  const { served, end } = await start(options, true);
  afterAll(end);
  return served;
}

/** Serves a new database until the test is over. */
export async function serveNew(options: ServeOptions = {}, changeLog = true): Promise<Served> {
  const { served, end } = await start(options, changeLog);
  onTestFinished(end);
  return served;
}

async function start(
  options: ServeOptions,
  changeLog: boolean,
): Promise<{ readonly served: Served; readonly end: () => Promise<void> }> {
  const folder = makeFolder();
  const file = path.join(folder, 'ggen.db');
  const database = await openPersistence({ storage: 'file', path: file, changeLog });
  const server = await serveDatabase(await openPersistence({ storage: 'file', path: file }), options);
  const authorized: Record<string, string> =
    server.token === null ? {} : { authorization: `Bearer ${server.token}` };
  const served: Served = {
    folder,
    file,
    database,
    server,
    authorized,
    request: (target, { hasToken = true, headers, ...rest } = {}) =>
      request(server, target, { ...rest, headers: { ...(hasToken && authorized), ...headers } }),
  };
  const end = async (): Promise<void> => {
    await server.stop();
    await database.close();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  return { served, end };
}

function request(
  { url, port }: RunningServer,
  target: string,
  { method = 'GET', headers = {}, body }: RequestOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname } = new URL(url);
    const sent = http.request(
      { host: hostname, port, path: target, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Saves receipts one after the other. */
export async function saveReceipts(database: Persistence, ...executionIds: readonly string[]): Promise<void> {
  for (const executionId of executionIds) {
    await database.saveReceipt({
      executionId,
      agentId: 'agent-1',
      agentType: 'validation',
      receipt: { n: 1 },
    });
  }
}

/** Returns the code in an answer to a refused request. */
export function codeOf({ text }: Answer): string {
  return (JSON.parse(text) as { readonly error: { readonly code: string } }).error.code;
}
