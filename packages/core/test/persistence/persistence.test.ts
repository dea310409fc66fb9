/** The persistence suite on every storage of Node, in process. */
import { describe, expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { describePersistence } from '../../src/testing/index.ts';
import { TestDatabase } from '../support/test-database.ts';

const framework = { describe, expect, it };

describePersistence(
  'memory',
  () => ({ open: (options) => openPersistence({ storage: 'memory', ...options }) }),
  {
    framework,
  },
);

const fileOptions = {
  file: {},
  'file, one process': { singleProcess: true },
  'file, exclusive': { exclusive: true },
  'file, exclusive and relaxed': { exclusive: true, durability: 'relaxed' },
} as const;

for (const [name, own] of Object.entries(fileOptions)) {
  describePersistence(
    name,
    () => {
      const database = new TestDatabase();
      return { open: (options) => database.open({ ...own, ...options }), remove: () => database.end() };
    },
    { framework },
  );
}
