import { strict as assert } from 'node:assert';
import { openPersistence } from '@ggen-sim/core';
import { openTarget, Synchroniser } from '@ggen-sim/sync';
import { serveHub } from './hub.mjs';

const open = (name) => openPersistence({ storage: 'file', path: `${name}.db`, changeLog: true });
const server = await serveHub('hub.db');
const synchronise = async (db) => {
  const target = await openTarget(server.url, { token: server.token });
  const report = await new Synchroniser(db, target).synchronise();
  await target.close();
  return report;
};
const [ada, bob] = [await open('ada'), await open('bob')];
await ada.saveReceipt({ executionId: 'e-1', agentId: 'a', agentType: 't', receipt: { n: 1 } });
assert.equal((await synchronise(ada)).pushed.entries, 1);
assert.equal((await synchronise(bob)).pulled.stored, 1);
const told = await openTarget(server.url, { token: server.token });
for await (const position of told.subscribe(AbortSignal.timeout(60_000))) {
  assert.equal(position, 1);
  break;
}
await told.close();
assert.equal((await bob.stats()).receiptsTotal, 1);
await ada.close();
await bob.close();
await server.stop();
