/** Power losses at thousands of points in the work of the file storage, and negative controls. */
import { describe, expect, it } from 'vitest';
import { FILE_CRASH_CONTROLS, FILE_CRASH_MODES, SimulatedDisk, crashFileStorage } from './file/index.node.ts';
import {
  type DurableDatabase,
  type OpenDatabaseOptions,
  openDatabase,
} from '../../packages/sqljs-vfs/src/index.ts';
import { DiskHistory, INTACT_DISK } from './file/disk-history.ts';
import { emptyRoot } from './file/disk-tree.ts';
import { lastTransaction } from './crash-workload.ts';
import { column } from '../../packages/sqljs-vfs/src/testing/database-queries.ts';

/** The same in each check, which is never red by chance. `pnpm crash-tests` tries a new seed in each run. */
const seed = Number(process.env['CRASH_SEED'] ?? 20_260_101);
const POINTS = { plain: 120, encrypted: 40 } as const;
/** A control ends at its first failure, which most have within so many crashes. */
const CONTROL_POINTS = 60;
const CONTROL_SEEDS = [1, 2, 3, 4];

describe(`power loss with CRASH_SEED=${seed}`, () => {
  it.each(FILE_CRASH_MODES)('$name: no promised commit is lost, no database damaged', async (mode) => {
    const points = mode.options.key ? POINTS.encrypted : POINTS.plain;
    const report = await crashFileStorage(mode, { points, seed });
    expect(report.failures, `CRASH_SEED=${seed}`).toEqual([]);
    expect(report.points).toBeGreaterThanOrEqual(points);
    expect(report.needingRecovery).toBeGreaterThan(points / 20);
  });

  it.each(FILE_CRASH_CONTROLS)('negative control: $name loses or damages data', async (control) => {
    let failures = 0;
    for (const controlSeed of CONTROL_SEEDS) {
      failures += (await crashFileStorage(control, { points: CONTROL_POINTS, seed: controlSeed })).failures
        .length;
      if (failures > 0) break;
    }
    expect(failures).toBeGreaterThan(0);
  });
});

it('the same seed gives the same crashes', async () => {
  const [mode] = FILE_CRASH_CONTROLS;
  const twice = await Promise.all([1, 2].map(() => crashFileStorage(mode!, { points: 60, seed: 7 })));
  const [first, second] = twice.map(({ points, needingRecovery, failures }) => ({
    points,
    needingRecovery,
    failures: failures.map(({ point, image }) => `${point} ${image}`),
  }));
  expect(first).toEqual(second);
});

describe('found by simulated crashes', () => {
  const PATH = '/data/data.db';

  /** Returns the first bytes of a file on a disk, or none if there is no file. */
  function beginning(disk: SimulatedDisk, path: string): Uint8Array {
    const node = disk.find(path);
    return node?.kind === 'file' ? node.content.view().slice(0, 8) : new Uint8Array(0);
  }

  /** Makes a disk whose process was killed after its first pages were in the file, while the journal was still hot. */
  async function diskWithUnfinishedDatabase(): Promise<SimulatedDisk> {
    for (let calls = 1; calls < 500; calls++) {
      const disk = new SimulatedDisk();
      const process = disk.process();
      const opened = await openDatabase(process.storage(PATH));
      process.killAfter(calls);
      expect(() => {
        opened.database.run('CREATE TABLE t(x)');
        opened.close();
      }).toThrow(/./);
      if (beginning(disk, PATH).length > 0 && beginning(disk, `${PATH}-journal`)[0] === 0xd9) return disk;
    }
    throw new Error('no call left such a disk');
  }

  it('a new database whose first sector was not stored is rolled back, not refused', async () => {
    const disk = await diskWithUnfinishedDatabase();
    const main = disk.find(PATH);
    if (main?.kind === 'file') main.content.write(new Uint8Array(512), 0);
    const opened = await openDatabase(disk.process().storage(PATH));
    expect(lastTransaction(opened.database)).toBe(-1);
    opened.database.run('CREATE TABLE t(x)');
    opened.close();
  });

  it('a database that another connection is creating is busy, not refused', async () => {
    const disk = new SimulatedDisk();
    const creator = await openDatabase(disk.process().storage(PATH));
    creator.database.exec('PRAGMA cache_size=1; BEGIN; CREATE TABLE t(x)');
    creator.database.exec('INSERT INTO t VALUES (zeroblob(1000000))');
    // Pages that did not fit into the cache are in the file, but not the first page.
    expect(beginning(disk, PATH)).toEqual(new Uint8Array(8));
    const others = disk.process();
    const refusal = openDatabase(others.storage(PATH), { busyDeadlineMs: 0 });
    expect(await refusal.catch((error: unknown) => error)).toMatchObject({ resultCode: 5 });
    creator.database.exec('COMMIT');
    const opened = await openDatabase(others.storage(PATH), { busyDeadlineMs: 0 });
    expect(column(opened.database, 'SELECT length(x) FROM t')).toEqual([1_000_000]);
    opened.close();
    creator.close();
  });

  /** The transaction that a process is killed in, and the one after it. */
  const commit = ({ database }: DurableDatabase): void => {
    database.exec('INSERT INTO t VALUES (hex(randomblob(400)))');
  };

  it('a journal that a killed process emptied is synced before the next process writes records over it', async () => {
    const unsyncedWhenKilled = { kept: 0, opened: 0 };
    for (let calls = 1; calls < 80; calls++) {
      // The first process keeps the journal open, so that it meets both a journal it knows and one it opens.
      for (const keeps of [true, false]) {
        const disk = new SimulatedDisk();
        const next = await openDatabase(disk.process().storage(PATH));
        next.database.exec('CREATE TABLE t(x)');
        if (!keeps) next.close();
        const killed = disk.process();
        try {
          const victim = await openDatabase(killed.storage(PATH));
          killed.killAfter(calls);
          commit(victim);
        } catch (error) {
          if (killed.alive) throw error;
        }
        if (killed.alive) killed.kill();
        const before = disk.operations.length;
        const survivor = keeps ? next : await openDatabase(disk.process().storage(PATH));
        commit(survivor);
        const journal = disk.find(`${PATH}-journal`)?.id as number;
        const isOlder = disk.operations
          .slice(0, before)
          .some((operation) => operation.kind === 'link' && operation.node.id === journal);
        if (!isOlder) continue;
        const history = new DiskHistory(emptyRoot(), disk.operations, INTACT_DISK);
        history.replayTo(before);
        if (history.file(journal).unsynced.length > 0) unsyncedWhenKilled[keeps ? 'kept' : 'opened']++;
        const firstRecord = disk.operations.findIndex(
          (operation, at) => at >= before && operation.kind === 'write' && operation.file === journal,
        );
        history.replayTo(firstRecord);
        expect(history.file(journal).unsynced, `${calls} calls, kept: ${keeps}`).toEqual([]);
      }
    }
    expect(Math.min(...Object.values(unsyncedWhenKilled))).toBeGreaterThan(0);
  });

  it.each<OpenDatabaseOptions>([{}, { exclusive: true }, { exclusive: true, synchronous: 'normal' }])(
    'the header that makes a journal valid is written after a sync of its records: %o',
    async (options) => {
      const disk = new SimulatedDisk();
      for (let session = 0; session < 3; session++) {
        const opened = await openDatabase(disk.process().storage(PATH), options);
        opened.database.exec('CREATE TABLE IF NOT EXISTS t(x)');
        commit(opened);
        opened.close();
      }
      const history = new DiskHistory(emptyRoot(), disk.operations, INTACT_DISK);
      let headers = 0;
      for (const [at, operation] of disk.operations.entries()) {
        if (operation.kind !== 'write' || operation.bytes.length !== 12 || operation.offset !== 0) continue;
        headers++;
        history.replayTo(at);
        expect(history.file(operation.file).unsynced, `operation ${at}`).toEqual([]);
      }
      expect(headers).toBeGreaterThan(2);
    },
  );

  it('an encrypted log that was taken over keeps the next commit, also when that rewrites its first frame', async () => {
    const options = { exclusive: true, key: new Uint8Array(32).fill(7) };
    const disk = new SimulatedDisk();
    const statements = [
      'CREATE TABLE t(id INTEGER PRIMARY KEY, filler)',
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
        INSERT INTO t SELECT i, hex(zeroblob(300)) FROM n`,
      // With a cache of five pages they reach the log before their transaction ends, and again in the same frames.
      `BEGIN; ${"UPDATE t SET filler = filler || 'x';".repeat(3)} COMMIT`,
    ];
    for (const sql of statements) {
      const process = disk.process();
      const owner = await openDatabase(process.storage(PATH), options);
      owner.database.exec('PRAGMA cache_size=5; PRAGMA wal_autocheckpoint=0');
      owner.database.exec(sql);
      process.kill();
    }
    const { database } = await openDatabase(disk.process().storage(PATH), options);
    expect(column(database, 'PRAGMA integrity_check')).toEqual(['ok']);
    expect(column(database, "SELECT count(*) FROM t WHERE filler LIKE '%xxx'")).toEqual([60]);
  });

  it('a folder whose creator was killed before a sync of its parent does not lose the database', async () => {
    const disk = new SimulatedDisk();
    // Killed after each call in turn; one of them comes between making a folder and syncing the one above it.
    for (const calls of [3, 4, 5, 6, 7, 8]) {
      const folder = `/home/folder-${calls}`;
      const creator = disk.process();
      creator.killAfter(calls);
      expect(() => creator.storage(`${folder}/data.db`)).toThrow(/./);
      const opened = await openDatabase(disk.process().storage(`${folder}/data.db`));
      opened.database.run('CREATE TABLE t(x)');
      opened.close();
      const history = new DiskHistory(emptyRoot(), disk.operations, INTACT_DISK);
      history.replayTo(disk.operations.length);
      const home = history.directory(history.rootId).synced.get('home');
      expect(home && history.directory(home.id).synced.has(`folder-${calls}`), `${calls} calls`).toBe(true);
    }
  });

  it('a file that is not a database, beside a journal that is not one, is refused and stays the same', async () => {
    const disk = new SimulatedDisk();
    disk.makeDirectory('/data');
    disk.write(disk.makeFile(PATH), new TextEncoder().encode('shopping list'), 0);
    disk.write(disk.makeFile(`${PATH}-journal`), new TextEncoder().encode('dear diary'), 0);
    const before = disk.operations.length;
    await expect(openDatabase(disk.process().storage(PATH))).rejects.toMatchObject({
      code: 'NOT_A_DATABASE',
    });
    expect(disk.operations.length).toBe(before);
  });
});
