import { strict as assert } from 'node:assert';
import { AGENTS, runAgent } from '@ggen-sim/agents';
import { openPersistence } from '@ggen-sim/core';

const db = await openPersistence({ storage: 'file', path: 'agents.db' });
const content =
  '@prefix sh: <http://www.w3.org/ns/shacl#> . [] a sh:NodeShape ; sh:targetNode <x> ; sh:nodeKind sh:IRI .';
const run = await runAgent(AGENTS.validation, db, { spec: [{ name: 'network.ttl', content }] });
assert.equal(run.status, 'success', run.message);
assert.equal((await db.stats()).receiptsTotal, 1);
await db.close();
