import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openPersistence, PersistenceError } from '@ggen-sim/core';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jest-'));
const file = { storage: 'file', path: path.join(folder, 'ggen.db') };

afterAll(() => fs.rmSync(folder, { recursive: true }));

test('a file keeps what was saved, and failures are typed', async () => {
  const first = await openPersistence(file);
  const saving = first.saveReceipt({ executionId: '', agentId: 'a', agentType: 't', receipt: '{}' });
  await expect(saving).rejects.toBeInstanceOf(PersistenceError);
  await first.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: { ok: true } });
  await first.exportBackup({ directory: path.join(folder, 'backup') });
  await first.close();
  const second = await openPersistence({ ...file, worker: true });
  expect((await second.stats()).receiptsTotal).toBe(1);
  await second.restoreBackup({ directory: path.join(folder, 'backup'), force: true });
  expect((await second.verify()).ok).toBe(true);
  await second.close();
});
