import { strict as assert } from 'node:assert';
import { openPersistence } from '@ggen-sim/core';
import { runGraphql, subscribeGraphql } from '@ggen-sim/graphql';

const db = await openPersistence({ storage: 'file', path: 'graphql.db', changeLog: true });
await db.saveReceipt({ executionId: 'e-1', agentId: 'a', agentType: 't', receipt: { n: 1 } });
const { data, errors } = await runGraphql(db, { query: '{ receipts { nodes { executionId } totalCount } }' });
assert.equal(errors, undefined);
assert.equal(JSON.stringify(data), '{"receipts":{"nodes":[{"executionId":"e-1"}],"totalCount":1}}');
const control = new AbortController();
const events = subscribeGraphql(
  db,
  { query: 'subscription { changes { kind } }' },
  { signal: control.signal },
);
const next = events.next();
// It begins with the next event, so saves go on until it has one.
let saved = 0;
const saving = setInterval(() => {
  saved += 1;
  void db.saveReceipt({ executionId: `later-${saved}`, agentId: 'a', agentType: 't', receipt: {} });
}, 20);
assert.equal((await next).value.data.changes.kind, 'receipt.saved');
clearInterval(saving);
control.abort();
await db.close();
