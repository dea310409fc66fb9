import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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
  const text = path.join(folder, 'no-folder');
  writeFileSync(text, '');
  const below = await openFileTarget(path.join(text, 'hub.db'));
  await expect(below.id()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  await expect((await openFileTarget(folder)).id()).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
});

it('is created only at first and only when that is wanted, and used again when it is back', async () => {
  const [file, away] = [path.join(folder, 'mounted', 'hub.db'), path.join(folder, 'mounted', 'away.db')];
  const later = await openTarget(file, { create: false });
  await expect(later.id()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  const target = await openTarget(file);
  const id = await target.id();
  expect(await later.id()).toBe(id);
  renameSync(file, away);
  for (const each of [later, target, target]) {
    await expect(each.cursor('origin')).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  }
  expect(existsSync(file)).toBe(false);
  renameSync(away, file);
  for (const each of [later, target]) {
    expect(await each.cursor('origin')).toMatchObject({ seq: 0 });
    await each.close();
  }
});

it('is not the file of something else, which stays as it was', async () => {
  const [text, database] = [path.join(folder, 'text.txt'), path.join(folder, 'database.db')];
  writeFileSync(text, 'a text that is long enough to be no database header'.repeat(50));
  await (await openPersistence({ storage: 'file', path: database })).close();
  for (const file of [text, database]) {
    const before = readFileSync(file);
    const target = await openTarget(file);
    await expect(target.id()).rejects.toMatchObject({ code: 'SYNC_TARGET_INVALID' });
    await target.close();
    expect(readFileSync(file).equals(before)).toBe(true);
  }
});
