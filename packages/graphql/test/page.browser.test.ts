import { openPersistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { runGraphql, subscribeGraphql } from '../src/index.ts';

it('saves, reads and follows a database of the page', async () => {
  const database = await openPersistence({
    storage: 'indexeddb',
    name: crypto.randomUUID(),
    changeLog: true,
  });
  try {
    const saved = await runGraphql(
      database,
      { query: 'mutation { saveReceipt(executionId: "e", receiptJson: "{}") { created } }' },
      { isWritable: true, agent: 'page' },
    );
    expect(saved.errors).toBeUndefined();
    const { data } = await runGraphql(database, { query: '{ receipts { nodes { agentId } totalCount } }' });
    expect(JSON.stringify(data)).toBe('{"receipts":{"nodes":[{"agentId":"page"}],"totalCount":1}}');
    for await (const result of subscribeGraphql(database, {
      query: 'subscription { changes(after: "0", kinds: "receipt.saved") { kind } }',
    })) {
      expect(JSON.stringify(result.data)).toBe('{"changes":{"kind":"receipt.saved"}}');
      break;
    }
  } finally {
    await database.close();
  }
});
