/**
 * Arguments: file, what to do, name, how often, `locked` or `unlocked`, folder, a key's hexadecimal digits for an
 * encrypted file. Says that it is ready, and begins when it is told to, so that racers start together. Each thing done is acknowledged by a line once it is durable.
 * A refusal ends with its code on standard error.
 */
import './built-packages.mjs';
import Module from 'node:module';

const [file = '', role = '', name = '', times = '1', locks = '', folder = '', key = ''] =
  process.argv.slice(2);

/** Locks that always succeed and exclude no other process. The race goes wrong with them. */
const noLocks = { tryLock() {}, unlock() {} };
let loadedNoLocks = false;
if (locks === 'unlocked') {
  // Node's CommonJS loader, which sqljs-vfs loads the native locks with; its types leave `_load` out.
  const loader = /** @type {{ _load(request: string, ...rest: unknown[]): unknown }} */ (
    /** @type {unknown} */ (Module)
  );
  const load = loader._load;
  loader._load = (request, ...rest) => {
    if (!request.startsWith('fs-native-extensions')) return load(request, ...rest);
    loadedNoLocks = true;
    return noLocks;
  };
}
const { openPersistence } = await import('@ggen-sim/core');

const options = /** @type {const} */ ({
  storage: 'file',
  path: file,
  exclusive: role === 'owner',
  ...(key !== '' && { key: Buffer.from(key, 'hex') }),
});
/** @param {string} line */
const acknowledge = (line) => process.stdout.write(`${line}\n`);

/** A receipt, an audit entry and the agent's memory together: three tables that must always agree. @param {import('@ggen-sim/core').Persistence} db @param {string} executionId */
const record = (db, executionId) =>
  db.record({
    receipts: [
      { executionId, agentId: name, agentType: 'validation', receipt: JSON.stringify('.'.repeat(600)) },
    ],
    audits: [{ agentId: name, operation: executionId, status: 'completed' }],
    memories: [{ agentId: name, agentType: 'validation', memory: '{}' }],
  });

/** @type {Record<string, (db: import('@ggen-sim/core').Persistence, round: number) => Promise<unknown>>} */
const roles = {
  writer: (db, round) => record(db, `${name}-${round}`),
  owner: (db, round) => record(db, `${name}-${round}`),
  opener: (db) => db.stats(),
  reset: (db) => db.reset(),
  cleanup: (db) => db.cleanup({ days: 30 }),
  backup: (db, round) => db.exportBackup({ directory: `${folder}/${name}-${round}` }),
  restore: (db, round) =>
    db.restoreBackup({ directory: folder, force: true, from: round % 2 === 0 ? 'image' : 'json' }),
};

try {
  process.send?.('ready');
  await new Promise((resolve) => process.once('message', resolve));
  process.disconnect();
  const db = await openPersistence(options);
  if (locks === 'unlocked' && !loadedNoLocks) throw new Error('the native locks were not replaced');
  for (let round = 0; round < Number(times); round++) {
    await roles[role]?.(db, round);
    acknowledge(`${name}-${round}`);
  }
  await db.close();
} catch (error) {
  process.stderr.write(String(/** @type {{ code?: unknown }} */ (error).code ?? error));
  process.exitCode = 1;
}
