import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { openPersistence } from '@ggen-sim/core';
import { installedHooks, installHooks, removeHooks } from '@ggen-sim/hooks/settings';
import { hasSpooledEvents } from '@ggen-sim/hooks/spool';

const settings = installHooks('{}', 'ggen-sim hooks record');
assert(installedHooks(settings).some(({ event }) => event === 'PreToolUse'));
assert.deepEqual(JSON.parse(removeHooks(settings)), {});

const path = 'hooks.db';
const common = { session_id: 's', cwd: '/project', tool_use_id: 't', tool_name: 'Bash' };
const events = ['SessionStart', 'PreToolUse', 'PostToolUse', 'Stop'];
for (const hook_event_name of events) {
  const input = JSON.stringify({ ...common, hook_event_name });
  const hook = spawnSync(process.execPath, ['hooks-record.mjs', path], { input, encoding: 'utf8' });
  assert.deepEqual([hook.status, hook.stdout, hook.stderr], [0, '', '']);
}
// The processes that the hooks have started store the events.
const db = await openPersistence({ storage: 'file', path });
const stored = () => db.queryAuditTrail({});
while ((await stored()).length < events.length || hasSpooledEvents(path)) await setTimeout(20);
const [{ receiptsTotal }, { length }] = [await db.stats(), await stored()];
assert.deepEqual([length, receiptsTotal], [events.length, 1]);
await db.close();
