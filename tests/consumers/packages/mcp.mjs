import { strict as assert } from 'node:assert';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openPersistence } from '@ggen-sim/core';
import { mcpRoute } from '@ggen-sim/mcp';
import { serveDatabase } from '@ggen-sim/serve';

/** Saves a memory and reads the numbers, over one of the transports. */
async function converse(transport, executionId) {
  const client = new Client({ name: 'consumer', version: '1' });
  await client.connect(transport);
  const receipt = { executionId, agentId: 'my-agent', agentType: 'coding', receipt: { n: 1 } };
  const saved = await client.callTool({ name: 'receipt_save', arguments: receipt });
  assert.notEqual(saved.isError, true, JSON.stringify(saved));
  const { structuredContent } = await client.callTool({ name: 'stats', arguments: {} });
  await client.close();
  return structuredContent.result.receiptsTotal;
}

const stdio = new StdioClientTransport({ command: process.execPath, args: ['mcp-server.mjs'] });
assert.equal(await converse(stdio, 'e-1'), 1);
const db = await openPersistence({ storage: 'file', path: 'mcp.db' });
const server = await serveDatabase(db, { isWritable: true, routes: [mcpRoute()] });
const requestInit = { headers: { authorization: `Bearer ${server.token}` } };
const http = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit });
assert.equal(await converse(http, 'e-2'), 2);
await server.stop();
