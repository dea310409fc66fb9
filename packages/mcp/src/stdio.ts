/** The server over standard input and output, as coding agents start it. */
import type { Readable, Writable } from 'node:stream';
import type { Persistence } from '@ggen-sim/core';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { MessageLimit } from './message-limit.ts';
import { createMcpServer, type McpServerOptions } from './server.ts';
import { reportedError, ToolError } from './tool-errors.ts';

/** Options of {@link serveStdio}. */
export interface StdioOptions extends McpServerOptions {
  /** @default `process.stdin` */
  readonly input?: Readable;
  /** @default `process.stdout` */
  readonly output?: Writable;
  /** Ends the server. */
  readonly signal?: AbortSignal;
}

/**
 * Serves one client, until it closes its end or the signal fires. Calls that have begun are answered first. The database
 * stays open.
 */
export async function serveStdio(database: Persistence, options: StdioOptions = {}): Promise<void> {
  const { input = process.stdin, output = process.stdout, signal } = options;
  const server = createMcpServer(database, options);
  const limited = new MessageLimit(MAX_MESSAGE_BYTES, (id) => {
    if (id === undefined) return;
    const { message, ...data } = reportedError(
      new ToolError(
        'TOO_LARGE',
        `The message has more than ${MAX_MESSAGE_BYTES} bytes`,
        'Send less in one call. Nothing was done.',
      ),
    );
    const error = { code: ErrorCode.InvalidRequest, message, data };
    output.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`);
  });
  const transport = new StdioServerTransport(limited, output, { maxBufferSize: 2 * MAX_MESSAGE_BYTES });
  const ended = new Promise<void>((resolve) => {
    limited.on('end', resolve);
    for (const stream of [input, output]) stream.on('error', () => resolve());
    signal?.addEventListener('abort', () => resolve(), { once: true });
    if (signal?.aborted === true) resolve();
  });
  await server.connect(transport);
  input.pipe(limited);
  await ended;
  input.unpipe(limited);
  await server.settled();
  await server.close();
}
