import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it } from 'vitest';
import { openTarget } from '../src/index.ts';
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

it('is not created when that is not wanted', async () => {
  const missing = path.join(folder, 'unmounted', 'hub.db');
  await expect(openTarget(missing, { create: false })).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  await (await openTarget(missing)).close();
  await (await openTarget(missing, { create: false })).close();
});

it('is not the file of something else, which stays as it was', async () => {
  const [text, database] = [path.join(folder, 'text.txt'), path.join(folder, 'database.db')];
  writeFileSync(text, 'a text that is long enough to be no database header'.repeat(50));
  await (await openPersistence({ storage: 'file', path: database })).close();
  for (const file of [text, database]) {
    const before = readFileSync(file);
    await expect(openTarget(file)).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
    expect(readFileSync(file).equals(before)).toBe(true);
  }
});
