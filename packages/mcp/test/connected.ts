/** The official client, connected to a server in this process. */
import { openPersistence, type Persistence } from '@ggen-sim/core';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { onTestFinished } from 'vitest';
import { createMcpServer, type McpServerOptions } from '../src/index.ts';
import type { ReportedError } from '../src/tool-errors.ts';

/** A client and the database behind its server. */
export interface Connected {
  readonly client: Client;
  readonly database: Persistence;
  /** Calls a tool and returns its result; throws if it is an error. */
  readonly call: (name: string, input?: Record<string, unknown>) => Promise<Record<string, unknown>>;
  /** Calls a tool that must fail and returns its error. */
  readonly refusal: (name: string, input?: Record<string, unknown>) => Promise<ReportedError>;
}

/** Connects a client to a new server, on a database in memory unless one is given. */
export async function connected(options: McpServerOptions = {}, given?: Persistence): Promise<Connected> {
  const database = given ?? (await openPersistence({ storage: 'memory' }));
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  const server = createMcpServer(database, options);
  await server.connect(serverEnd);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(clientEnd);
  onTestFinished(async () => {
    await client.close();
    await database.close();
  });
  const answer = async (name: string, input?: Record<string, unknown>) => {
    const { isError, structuredContent, content } = await client.callTool({ name, arguments: input });
    const [block] = content as { type: string; text: string }[];
    if (block?.type !== 'text' || block.text !== JSON.stringify(structuredContent))
      throw new Error('the text is not that of the structured content');
    return { isError, content: structuredContent as Record<string, unknown> };
  };
  return {
    client,
    database,
    async call(name, input) {
      const { isError, content } = await answer(name, input);
      if (isError === true) throw new Error(`${name}: ${JSON.stringify(content)}`);
      return content['result'] as Record<string, unknown>;
    },
    async refusal(name, input) {
      const { isError, content } = await answer(name, input);
      if (isError !== true) throw new Error(`${name} did not fail: ${JSON.stringify(content)}`);
      return content['error'] as ReportedError;
    },
  };
}
