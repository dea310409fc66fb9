import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileTarget } from '../src/targets/file-target.ts';
import { describeSyncTarget } from '../src/testing/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;

describeSyncTarget(
  'file',
  async () => {
    const file = path.join(folder, `hub-${files++}.db`);
    return { open: () => openFileTarget(file), end: async () => undefined };
  },
  { describe, it, expect },
);

it('says that a file cannot be used', async () => {
  await expect(openFileTarget(folder)).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
});
