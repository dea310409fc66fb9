/** Backups of a database in use: others go on writing, and rows and image are one state. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { expect, it } from 'vitest';
import { nodeFileSystem } from '../../../sqljs-vfs/src/storages/node-file/file-system.node.ts';
import type { BackupDirectory, BackupManifest } from '../../src/index.ts';
import { backupDirectoryAt } from '../../src/exports/export-targets.node.ts';
import { openOnStorage } from '../../src/persistence/open-in-process.ts';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';
import { namesIn, openFilled } from '../support/filled-database.ts';

const ADD_ENTRY = `INSERT INTO audit_log (audit_id, agent_id, operation, status)
   VALUES (lower(hex(randomblob(16))), 'native', 'write', 'completed')`;

/** Adds audit entries of 20 kB: 1000 are several slices. */
function enlarge(database: TestDatabase, entries: number = 1000): void {
  database.native(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${entries})
    INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
    SELECT 'id-' || i, 'native', 'write', 'completed', printf('%.*c', 20000, 'x') FROM n`);
}

/** Counts the audit entries in the image and in the JSON file of a backup. */
function entriesIn(folder: string, manifest: BackupManifest): unknown {
  const rows = JSON.parse(fs.readFileSync(`${folder}/audit_log.json`, 'utf8')) as unknown[];
  const image = nativeSqlite(`${folder}/ggen.db`, 'PRAGMA integrity_check', 'SELECT count(*) FROM audit_log');
  return [image, rows.length, manifest.files.find(({ name }) => name === 'audit_log.json')?.rows];
}

it('this process and others save while the files of a backup are written', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const folder = database.path('backup');
  const local = backupDirectoryAt(folder);
  let saves = 0;
  const directory: BackupDirectory = {
    ...local,
    async create(fileName) {
      database.native(ADD_ENTRY);
      await db.saveReceipt(receiptOf(`during-${saves++}`));
      return local.create(fileName);
    },
  };
  const { manifest } = await db.exportBackup({ directory });
  expect(saves).toBe(6);
  expect(entriesIn(folder, manifest)).toEqual(['ok\n3', 3, 3]);
  expect(nativeSqlite(`${folder}/ggen.db`, 'SELECT count(*) FROM receipts')).toBe('20');
  expect(database.native('SELECT count(*) FROM audit_log')).toBe('9');
});

it('one state is copied even when another connection commits after every step', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  enlarge(database);
  const folder = database.path('backup');
  let commits = 0;
  let refused = 0;
  const { manifest } = await db.exportBackup({
    directory: folder,
    onProgress({ stage }) {
      if (stage !== 'copy') return;
      try {
        // The first entry is on an early page, the new one on a late page.
        execFileSync('sqlite3', [database.file, `UPDATE audit_log SET duration_ms = 1; ${ADD_ENTRY}`], {
          stdio: 'ignore',
        });
        commits++;
      } catch {
        refused++;
      }
    },
  });
  expect(commits).toBeGreaterThan(3);
  // At the end the lock is kept for one round.
  expect(refused).toBeGreaterThan(0);
  const entries = 1003 + commits;
  expect(entriesIn(folder, manifest)).toEqual([`ok\n${entries}`, entries, entries]);
});

it.each([
  [
    'a commit in the middle of the copy is in the copy',
    [`UPDATE audit_log SET duration_ms = 1; ${ADD_ENTRY}`],
    1004,
  ],
  [
    'a file that becomes smaller in the middle of the copy is copied as it is then',
    ["DELETE FROM audit_log WHERE agent_id = 'native'", 'VACUUM'],
    3,
  ],
])('%s', async (_, statements, entries) => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  enlarge(database);
  const folder = database.path('backup');
  let steps = 0;
  const { manifest } = await db.exportBackup({
    directory: folder,
    onProgress({ stage }) {
      if (stage === 'copy' && ++steps === 2) database.native(...statements);
    },
  });
  expect(entriesIn(folder, manifest)).toEqual([`ok\n${entries}`, entries, entries]);
});

it.each(['fails', 'ends early'])('every read of a copy that %s once is repeated', async (how) => {
  const database = createTestDatabase();
  const path = database.file;
  await (await openFilled(database)).close();
  enlarge(database);
  let failing = false;
  const failed = new Set<number>();
  const fileSystem = {
    ...nodeFileSystem,
    readSync(...args: Parameters<typeof nodeFileSystem.readSync>): number {
      const [, , , length, position] = args;
      const isSlice = length > 1024 * 1024;
      if (!failing || failed.has(position) || (how === 'ends early' && !isSlice))
        return nodeFileSystem.readSync(...args);
      failed.add(position);
      if (how === 'fails') throw Object.assign(new Error('EIO'), { code: 'EIO' });
      return 0;
    },
  };
  const retry = { ioRetryDelayMs: 0 };
  const db = await openOnStorage(() => fileStorage(path, { fileSystem }), { storage: 'file', path, retry });
  failing = true;
  await db.exportBackup({ directory: database.path('backup') });
  failing = false;
  await db.close();
  // Three slices.
  expect(failed.size).toBeGreaterThanOrEqual(3);
  const image = fs.readFileSync(database.path('backup', 'ggen.db'));
  expect(image.equals(fs.readFileSync(path))).toBe(true);
});

it('a copy without room beside the database is done without: the database itself is read', async (context) => {
  const database = createTestDatabase();
  const disk = database.path('disk');
  fs.mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=30m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    context.skip('mounting needs root');
  }
  database.atEnd(() => void execFileSync('umount', ['-l', disk]));
  const db = await database.open({ path: `${disk}/ggen.db` });
  nativeSqlite(
    `${disk}/ggen.db`,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
     INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
     SELECT 'id-' || i, 'native', 'write', 'completed', printf('%.*c', 18000, 'x') FROM n`,
  );
  const folder = database.path('backup');
  const stages = new Set<string>();
  const { manifest } = await db.exportBackup({
    directory: folder,
    onProgress: ({ stage }) => void stages.add(stage),
  });
  expect(entriesIn(folder, manifest)).toEqual(['ok\n1000', 1000, 1000]);
  // It would have left some megabytes.
  expect([...stages]).not.toContain('copy');
  const restored = await rejectionOf(db.restoreBackup({ directory: folder, force: true }));
  expect(restored).toMatchObject({ code: 'DISK_FULL' });
  expect(restored.message).toContain('beside the database');
  const imported = await rejectionOf(db.importImage(fs.readFileSync(`${folder}/ggen.db`)));
  expect(imported).toMatchObject({ code: 'DISK_FULL', operation: 'importImage' });
  expect(imported.message).toContain('beside the database');
  // The room is gone only when the copy has begun.
  execFileSync('mount', ['-o', 'remount,size=130m', disk]);
  const filling: string[] = [];
  const again = await db.exportBackup({
    directory: database.path('again'),
    onProgress({ stage }) {
      if (filling.push(stage) > 1) return;
      const { bavail, bsize } = fs.statfsSync(disk);
      execFileSync('fallocate', ['-l', String(bavail * bsize - 1_000_000), `${disk}/ballast`]);
    },
  });
  fs.rmSync(`${disk}/ballast`);
  expect(filling[0]).toBe('copy');
  expect(entriesIn(database.path('again'), again.manifest)).toEqual(['ok\n1000', 1000, 1000]);
  expect((await db.stats()).auditEntries).toBe(1000);
  expect(fs.readdirSync(disk).filter((name) => !name.endsWith('-journal'))).toEqual(['ggen.db']);
});

it('a backup is made from a copy where the free room is unknown', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const { statfsSync } = fs;
  database.atEnd(() => void Object.assign(fs, { statfsSync }));
  // Deno refuses the call without the right `--allow-sys=statfs`.
  const refuse = (): never => {
    throw Object.assign(new Error('Requires sys access to "statfs"'), { code: 'EPERM' });
  };
  for (const [folder, call] of Object.entries({ refused: refuse, missing: undefined })) {
    Object.assign(fs, { statfsSync: call });
    const stages = new Set<string>();
    await db.exportBackup({
      directory: database.path(folder),
      onProgress: ({ stage }) => void stages.add(stage),
    });
    expect([...stages]).toContain('copy');
    expect(nativeSqlite(database.path(folder, 'ggen.db'), 'PRAGMA integrity_check')).toBe('ok');
  }
});

it('a restore that is stopped while pages are replaced keeps every row', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  enlarge(database, 300);
  // SQLite copies 4096 pages at a time: several times, if they are small.
  database.native('PRAGMA page_size=512', 'VACUUM');
  const directory = database.path('backup');
  await db.exportBackup({ directory });
  await db.reset();
  await db.saveReceipt(receiptOf('kept'));
  const stop = new AbortController();
  const replaced: number[] = [];
  const onProgress = ({ stage, done }: { stage: string; done: number }): void => {
    if (stage === 'image' && replaced.push(done) === 1) stop.abort();
  };
  const restoring = db.restoreBackup({ directory, force: true, signal: stop.signal, onProgress });
  expect(await rejectionOf(restoring)).toMatchObject({ code: 'ABORTED' });
  expect(replaced).toHaveLength(1);
  expect((await db.queryReceipts()).map(({ executionId }) => executionId)).toEqual(['kept']);
  expect((await db.stats()).auditEntries).toBe(0);
});

it('a copy leaves room for saves; without one, the image of an owner in WAL mode is an ordinary file too', async () => {
  const database = createTestDatabase();
  await (await openFilled(database)).close();
  const db = await database.open({ exclusive: true });
  const { sizeBytes } = await db.info();
  const { statfsSync } = fs;
  database.atEnd(() => void Object.assign(fs, { statfsSync }));
  const megabyte = 1024 * 1024;
  for (const [leftBytes, isCopied] of [
    [63 * megabyte, false],
    [65 * megabyte, true],
  ] as const) {
    Object.assign(fs, { statfsSync: () => ({ bavail: sizeBytes + leftBytes, bsize: 1 }) });
    const folder = database.path(`left-${leftBytes}`);
    const stages = new Set<string>();
    await db.exportBackup({ directory: folder, onProgress: ({ stage }) => void stages.add(stage) });
    expect([leftBytes, stages.has('copy')]).toEqual([leftBytes, isCopied]);
    // Version 2 would be WAL mode (https://www.sqlite.org/fileformat.html#file_format_version_numbers).
    expect([...fs.readFileSync(`${folder}/ggen.db`).subarray(18, 20)]).toEqual([1, 1]);
  }
});

it('a backup that fails before its first file leaves the directory of the caller alone', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  let discards = 0;
  const directory: BackupDirectory = {
    ...backupDirectoryAt(database.path('backup')),
    async discard() {
      discards++;
    },
  };
  const signal = AbortSignal.abort();
  expect(await rejectionOf(db.exportBackup({ directory, signal }))).toMatchObject({ code: 'ABORTED' });
  expect(discards).toBe(0);
});

it('closing waits for a backup', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const backup = db.exportBackup({ directory: database.path('backup') });
  await db.close();
  expect((await backup).manifest.files).toHaveLength(5);
  expect(namesIn(database)).toEqual(['backup', 'ggen.db']);
});
