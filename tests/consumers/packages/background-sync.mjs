import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { openPersistence } from '@ggen-sim/core';
import { backgroundSync, setTarget } from '@ggen-sim/sync';
import { executionsOver, serveHub } from './hub.mjs';

const open = (name, sync) => openPersistence({ storage: 'file', path: `${name}.db`, sync });
const save = (db, executionId) =>
  db.saveReceipt({ executionId, agentId: 'a', agentType: 't', receipt: { n: 1 } });
const executionsIn = async (db) =>
  (await db.queryReceipts()).map(({ executionId }) => executionId).toSorted();
/** Whoever runs this program ends it when the condition never becomes true. */
async function until(condition) {
  while (!(await condition())) await setTimeout(20);
}
const failsWith = (db, code) => until(async () => (await db.sync.status()).lastError?.code === code);
const isSent = (db) => until(async () => (await db.sync.status()).lagEntries === 0);

const first = await serveHub('first-hub.db');
const { url, port, token } = first;
const sync = () => backgroundSync(url, { token, intervalMs: 50 });
const [eve, mel] = [await open('eve', sync()), await open('mel', sync())];
await save(eve, 'e-1');
await until(async () => (await executionsIn(mel)).join() === 'e-1');
await save(mel, 'm-1');
// Closing sends what is left.
await mel.close();
await until(async () => (await executionsIn(eve)).join() === 'e-1,m-1');

// Saves go on while no hub is there, and travel when it is back.
await first.stop();
await save(eve, 'e-2');
await failsWith(eve, 'SYNC_UNREACHABLE');
const again = await serveHub('first-hub.db', { port, token });
await isSent(eve);

// Another hub at the same address is sent nothing, until it is set again.
await again.stop();
const other = await serveHub('other-hub.db', { port, token });
await save(eve, 'e-3');
await failsWith(eve, 'SYNC_TARGET_CHANGED');
assert.deepEqual(await executionsOver(other), []);
await setTarget(eve, url);
await eve.sync.synchronise();
assert.deepEqual(await executionsOver(other), ['e-1', 'e-2', 'e-3', 'm-1']);
await eve.close();
await other.stop();

// The file of a hub is created only when asked to: its folder may not be mounted.
const without = await open('ian', backgroundSync('mounted/hub.db', { intervalMs: 50 }));
await save(without, 'i-1');
await failsWith(without, 'SYNC_UNREACHABLE');
await without.close();
assert(!existsSync('mounted'));
const creating = await open('ian', backgroundSync('mounted/hub.db', { create: true }));
await isSent(creating);
await creating.close();
assert(existsSync('mounted/hub.db'));
