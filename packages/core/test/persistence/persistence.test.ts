/** The suite every implementation has to pass, on every storage there is in this process. */
import { describe, expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { describePersistence } from '../../src/testing/index.ts';
import { DatabasePlace } from '../support/database-place.ts';

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
      const place = new DatabasePlace();
      return { open: (options) => place.open({ ...own, ...options }), remove: () => place.end() };
    },
    { framework },
  );
}
