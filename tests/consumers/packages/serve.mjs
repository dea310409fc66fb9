import { strict as assert } from 'node:assert';
import { openPersistence } from '@ggen-sim/core';
import { graphqlRoute } from '@ggen-sim/graphql/http';
import { hooksRoute } from '@ggen-sim/hooks';
import { findServer, serveDatabase, stopServer } from '@ggen-sim/serve';

const path = 'serve.db';
const db = await openPersistence({ storage: 'file', path, changeLog: true });
const server = await serveDatabase(db, {
  isWritable: true,
  routes: [graphqlRoute(), hooksRoute({ databasePath: path })],
});
const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' };
const post = (route, body) =>
  fetch(server.url + route, { method: 'POST', headers, body: JSON.stringify(body) });
assert.equal((await fetch(`${server.url}/changes`)).status, 401);
const event = { hook_event_name: 'PreToolUse', session_id: 's', tool_use_id: 't', tool_name: 'Bash' };
assert.equal((await post('/hooks', event)).status, 204);
const query = '{ auditTrail { totalCount } }';
for (let count = 0; count !== 1;) {
  const answer = await post('/graphql', { query });
  ({ totalCount: count } = (await answer.json()).data.auditTrail);
}
const changes = await fetch(`${server.url}/changes?follow=false`, { headers });
assert.match(await changes.text(), /^data: .*audit\./m);
assert.match(await (await fetch(`${server.url}/metrics`, { headers })).text(), /^ggen_sim_audit_entries/m);
assert.equal((await findServer(path)).url, server.url);
await stopServer(path);
await server.stopped;
