/** Argument: a database file. Exports its audit trail to the standard output, and reports the failure on the other one. */
import { type PersistenceError, openPersistence } from '../../src/index.ts';

const db = await openPersistence({ path: process.argv[2] ?? '', storage: 'file' });
const before = process.stdout.listenerCount('error');
const failure = await db.exportAuditTrail({ output: '/dev/stdout' }).then(
  () => undefined,
  (error: unknown) => error as PersistenceError,
);
await db.close();
await new Promise((resolve) => setTimeout(resolve, 0));
const listeners = process.stdout.listenerCount('error') - before;
process.stderr.write(JSON.stringify({ name: failure?.name, code: failure?.code, listeners }));
