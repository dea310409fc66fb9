/** Runs simulated crashes in a worker, where the storage reads Blobs on demand. */
import { serveCalls } from '../../../packages/sqljs-vfs/test/workers/calls.browser.ts';
import type { CrashReport } from '../crash-report.ts';
import { crashIndexedDb, type IndexedDbCrashOptions } from './indexeddb-crashes.browser.ts';

serveCalls({
  crash: (options: IndexedDbCrashOptions): Promise<CrashReport> => crashIndexedDb(options),
});
