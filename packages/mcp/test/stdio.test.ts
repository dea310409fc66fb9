/** The server over a stream: giant messages, and the end of the client. */
import { PassThrough } from 'node:stream';
import { openPersistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES, serveStdio } from '../src/index.ts';

interface Answer {
  readonly id?: number | string;
  readonly result?: { readonly structuredContent?: unknown };
  readonly error?: { readonly code: number; readonly data?: { readonly code: string } };
}

/** Sends lines, ends the input and returns every answer, by its id. */
async function answersTo(
  lines: readonly (string | object)[],
): Promise<Map<number | string | undefined, Answer>> {
  await using database = await openPersistence({ storage: 'memory' });
  const [input, output] = [new PassThrough(), new PassThrough()];
  let written = '';
  output.on('data', (chunk: Buffer) => (written += String(chunk)));
  const served = serveStdio(database, { input, output, agent: 'a' });
  const initialize = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 't', version: '1' },
  };
  const all = [{ jsonrpc: '2.0', id: 'init', method: 'initialize', params: initialize }, ...lines];
  for (const line of all) input.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
  input.end();
  await served;
  const answered = written.split('\n').filter(Boolean);
  return new Map(answered.map((line) => JSON.parse(line) as Answer).map((answer) => [answer.id, answer]));
}

const call = (id: number, name: string, input: object = {}): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: input },
});

it('answers every call that was sent before the client closed its end', async () => {
  const saves = Array.from({ length: 20 }, (_, n) =>
    call(n, 'audit_log', { operation: `o${n}`, status: 'completed' }),
  );
  const answers = await answersTo([...saves, call(20, 'stats')]);
  expect(answers.size).toBe(22);
  expect(answers.get(19)?.result?.structuredContent).toMatchObject({
    result: { auditId: expect.any(String) as string },
  });
});

it('refuses a message that is too long by its id, wherever clients write it, and serves the next', async () => {
  const memory = 'x'.repeat(MAX_MESSAGE_BYTES);
  const { jsonrpc, id, ...rest } = call(7, 'memory_save', { memory, ifVersion: 0 }) as Record<
    string,
    unknown
  >;
  const answers = await answersTo([
    { jsonrpc, id, ...rest },
    { ...rest, jsonrpc, id: 8 },
    'y'.repeat(MAX_MESSAGE_BYTES + 1),
    '{"jsonrpc": not JSON',
    call(9, 'stats'),
  ]);
  for (const tooLong of [7, 8])
    expect(answers.get(tooLong)?.error).toMatchObject({ code: -32_600, data: { code: 'TOO_LARGE' } });
  expect(answers.get(9)?.result?.structuredContent).toMatchObject({ result: { agentsTracked: 0 } });
});
