/** Core's processes, native shells and better-sqlite3 on one database: writing, resetting, backing up, opening at once. */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence, SCHEMA_VERSION } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { nativeSqlite, startChild, startNative, temporaryFolder } from './child-process.ts';
import { ADOPTED, backupIn, filledDatabase, INTEGRITY, storedNatively } from './core-databases.ts';
import {
  allEnds,
  emptyDatabase,
  expectAllWell,
  expectIntact,
  JOURNAL_MODES,
  type Locks,
  NATIVE,
  nativeWriter,
  newFile,
  racers,
  raceWriters,
  ROUNDS,
} from './core-racers.ts';

const MAX_CONTROL_ROUNDS = 10;

const executionIds = (file: string): Set<string> =>
  new Set(nativeSqlite(file, 'SELECT execution_id FROM receipts').split('\n'));

it.each(JOURNAL_MODES)(
  'writers of three kinds, the others with journal_mode=%s: every acknowledged record is there, whole',
  async (journalMode) => {
    expect(await raceWriters(NATIVE, journalMode, 'locked')).toBe(4 * ROUNDS);
  },
);

it('a database that other programs use in WAL mode is refused, without harm to them or to it', async () => {
  const file = newFile();
  await filledDatabase(file, 'stored');
  nativeSqlite(file, 'PRAGMA journal_mode=WAL');
  const writers = await racers(
    file,
    [1, 2, 3].map(() => ({ role: 'writer', name: 'ours' })),
  );
  const native = nativeWriter(file, 'native', 'wal');
  const better = startChild('better-sqlite3-core-writer', file, 'better', String(ROUNDS), 'wal');
  const ours = await allEnds(writers);
  for (const { exitCode, stderr } of ours)
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'WAL_MODE' });
  expectAllWell([await native.ended, await better.ended]);
  expect(nativeSqlite(file, 'PRAGMA journal_mode')).toBe('wal');
  expect(nativeSqlite(file, 'SELECT count(*) FROM receipts')).toBe(String(300 + 2 * ROUNDS));
  expect(nativeSqlite(file, INTEGRITY)).toBe('ok');
});

it('owners with exclusive take turns, with each other, with sharers and with native writers', async () => {
  const file = newFile();
  await emptyDatabase(file);
  const ends = await allEnds([
    ...(await racers(file, [
      { role: 'owner', name: 'owner1', times: ROUNDS },
      { role: 'owner', name: 'owner2', times: ROUNDS },
      { role: 'writer', name: 'ours', times: ROUNDS },
    ])),
  ]);
  expectAllWell(ends);
  const acknowledged = ends.flatMap((end) => end.acknowledged);
  expect(acknowledged.length).toBe(3 * ROUNDS);
  expect([...executionIds(file)].toSorted()).toEqual(acknowledged.toSorted());
  await expectIntact(file);
});

it('an exclusive owner keeps every other connection out until it closes', async () => {
  const file = newFile();
  await emptyDatabase(file);
  const owner = await openPersistence({ storage: 'file', path: file, exclusive: true });
  await owner.logAudit({ agentId: 'owner', operation: 'own', status: 'completed' });
  expect(() => nativeSqlite(file, '.timeout 100', 'SELECT count(*) FROM audit_log')).toThrow(/locked/);
  const retry = { busyDeadlineMs: 300 };
  for (const exclusive of [true, false]) {
    await expect(openPersistence({ storage: 'file', path: file, exclusive, retry })).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
    });
  }
  await owner.logAudit({ agentId: 'owner', operation: 'own', status: 'completed' });
  await owner.close();
  expect(nativeSqlite(file, 'SELECT count(*) FROM audit_log')).toBe('2');
  await expectIntact(file);
});

/** @returns how many receipts of its racers verify */
async function raceMigration(kind: 'fresh' | 'adopted', count: number, locks: Locks): Promise<number> {
  const file = newFile();
  if (kind === 'adopted') nativeSqlite(file, ADOPTED);
  const openers = Array.from({ length: count }, (_, index) => ({ role: 'writer', name: `opener${index}` }));
  expectAllWell(await allEnds(await racers(file, openers, locks)));
  const { steps } = storedNatively(file);
  const versions = Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1);
  expect(steps).toBe(versions.map((version) => `migration_000${version}`).join('\n'));
  expect(nativeSqlite(file, "SELECT value FROM _schema_metadata WHERE key = 'schema_version'")).toBe(
    String(SCHEMA_VERSION),
  );
  const adopted = kind === 'adopted' ? 200 : 0;
  expect(nativeSqlite(file, 'SELECT count(*) FROM receipts')).toBe(String(adopted + count));
  if (kind === 'adopted') {
    expect(nativeSqlite(file, "SELECT value FROM _schema_metadata WHERE key = 'adopted_receipts'")).toBe(
      '200',
    );
  }
  await using db = await openPersistence({ storage: 'file', path: file });
  const { ok, receiptsImported, receiptsVerified } = await db.verify();
  expect({ ok, receiptsImported }).toEqual({ ok: true, receiptsImported: adopted });
  expect(nativeSqlite(file, INTEGRITY)).toBe('ok');
  return receiptsVerified;
}

it.each([
  ['fresh', 2],
  ['fresh', 10],
  ['adopted', 2],
  ['adopted', 10],
] as const)(
  'a database that is %s, opened by %i processes at once, is migrated once',
  async (kind, count) => {
    expect(await raceMigration(kind, count, 'locked')).toBe(count);
  },
);

it('five openers race for one hot journal; what was committed is there, what was not is gone', async () => {
  const folder = temporaryFolder();
  const prepared = path.join(folder, 'prepared.db');
  await filledDatabase(prepared, 'stored');
  const before = storedNatively(prepared);
  const measured = path.join(folder, 'measured.db');
  fs.copyFileSync(prepared, measured);
  const whole = await startChild('dying-operation', measured, 'big', 'Infinity').ended;
  for (const beforeEnd of [5, 40, 100]) {
    const file = path.join(folder, `hot-${beforeEnd}.db`);
    fs.copyFileSync(prepared, file);
    const point = Number(whole.acknowledged[1]) - beforeEnd;
    const { signal } = await startChild('dying-operation', file, 'big', String(point)).ended;
    expect(signal).toBe('SIGKILL');
    expect(fs.statSync(`${file}-journal`).size).toBeGreaterThan(0);
    const openers = await racers(
      file,
      [0, 1, 2].map((index) => ({ role: 'opener', name: `opener${index}` })),
    );
    const natives = [0, 1].map(() => startNative(file, 'SELECT count(*) FROM receipts;'));
    const ends = await allEnds([...openers, ...natives]);
    expectAllWell(ends);
    for (const native of ends.slice(3)) expect(native.acknowledged).toEqual(['300']);
    expect(storedNatively(file)).toEqual(before);
    await expectIntact(file);
  }
});

/** @returns how many raced */
async function raceResets(locks: Locks): Promise<number> {
  const file = newFile();
  await filledDatabase(file, 'stored');
  const ends = await allEnds([
    ...(await racers(
      file,
      [
        { role: 'writer', name: 'ours1', times: ROUNDS },
        { role: 'writer', name: 'ours2', times: ROUNDS },
        { role: 'reset', name: 'reset', times: 5 },
        { role: 'cleanup', name: 'cleanup', times: 5 },
        { role: 'opener', name: 'opener', times: 20 },
      ],
      locks,
    )),
    nativeWriter(file, 'native', 'delete'),
  ]);
  expectAllWell(ends);
  // A reset takes all tables or none: receipts and audit entries of a record stay together.
  expect(
    nativeSqlite(
      file,
      `SELECT count(*) FROM (SELECT execution_id FROM receipts EXCEPT SELECT operation FROM audit_log)`,
      `SELECT count(*) FROM (SELECT operation FROM audit_log EXCEPT SELECT execution_id FROM receipts)`,
    ),
  ).toBe('0\n0');
  // A writer's rows are an unbroken end of what it wrote: a reset never takes a later one and leaves an earlier one.
  for (const writer of ['ours1', 'ours2', 'native']) {
    const rounds = [...executionIds(file)]
      .filter((id) => id.startsWith(`${writer}-`))
      .map((id) => Number(id.slice(writer.length + 1)))
      .toSorted((a, b) => a - b);
    expect(rounds).toEqual(
      Array.from({ length: rounds.length }, (_, index) => ROUNDS - rounds.length + index),
    );
  }
  await expectIntact(file);
  return ends.length;
}

it('reset and cleanup race with writers: what was acknowledged after the last reset is there, whole', async () => {
  expect(await raceResets('locked')).toBe(6);
});

it('a backup taken amid writers verifies, and is a state that was', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'race.db');
  await emptyDatabase(file);
  const ends = await allEnds([
    ...(await racers(file, [
      { role: 'writer', name: 'ours1', times: ROUNDS },
      { role: 'writer', name: 'ours2', times: ROUNDS },
      { role: 'backup', name: 'backup', times: 6, folder: folder },
    ])),
    startChild('better-sqlite3-core-writer', file, 'better', String(ROUNDS)),
  ]);
  expectAllWell(ends);
  for (let backup = 0; backup < 6; backup++) {
    const directory = path.join(folder, `backup-${backup}`);
    for (const from of ['image', 'json'] as const) {
      const restored = path.join(folder, `restored-${backup}-${from}.db`);
      const db = await openPersistence({ storage: 'file', path: restored });
      // The ids of better-sqlite3's receipts are not this program's.
      await db.restoreBackup({ directory, from, acceptInvalid: true });
      await db.close();
      expect(nativeSqlite(restored, INTEGRITY)).toBe('ok');
      const ids = executionIds(restored);
      for (const writer of ['ours1', 'ours2', 'better']) {
        const count = [...ids].filter((id) => id.startsWith(`${writer}-`)).length;
        // The first so many of each writer, in all three tables: what was there at one moment.
        for (let round = 0; round < count; round++) expect(ids.has(`${writer}-${round}`)).toBe(true);
        const counts = nativeSqlite(
          restored,
          `SELECT count(*) FROM audit_log WHERE agent_id = '${writer}'`,
          `SELECT coalesce(max(version), 0) FROM agent_memory WHERE agent_id = '${writer}'`,
        );
        expect(counts).toBe(`${count}\n${writer === 'better' ? 0 : count}`);
      }
    }
  }
  await expectIntact(file);
});

it('restores race with writers: the end is the backup and an unbroken end of what each wrote', async () => {
  const folder = temporaryFolder();
  const directory = await backupIn(folder);
  const file = path.join(folder, 'race.db');
  await emptyDatabase(file);
  const ends = await allEnds([
    ...(await racers(file, [
      { role: 'writer', name: 'ours1', times: ROUNDS },
      { role: 'writer', name: 'ours2', times: ROUNDS },
      { role: 'restore', name: 'restore', times: 6, folder: directory },
      { role: 'opener', name: 'opener', times: 20 },
    ])),
  ]);
  expectAllWell(ends);
  const ids = executionIds(file);
  expect([...ids].filter((id) => id.startsWith('restored-')).length).toBe(300);
  for (const writer of ['ours1', 'ours2']) {
    const rounds = [...ids].filter((id) => id.startsWith(`${writer}-`)).length;
    for (let round = ROUNDS - rounds; round < ROUNDS; round++)
      expect(ids.has(`${writer}-${round}`)).toBe(true);
  }
  await expectIntact(file);
});

it('opening, reading and writing while others VACUUM', async () => {
  const file = newFile();
  await filledDatabase(file, 'stored');
  const ours = await racers(file, [
    { role: 'cleanup', name: 'cleanup', times: 6 },
    ...[0, 1, 2, 3].map((index) => ({ role: 'writer', name: `opener${index}`, times: 3 })),
  ]);
  const vacuums = startNative(file, 'VACUUM;\n'.repeat(15));
  expectAllWell(await allEnds([vacuums, ...ours]));
  // The cleanups took the older half.
  expect(nativeSqlite(file, 'SELECT count(*) FROM receipts')).toMatch(/^\d+$/);
  for (let opener = 0; opener < 4; opener++) {
    expect([...executionIds(file)].filter((id) => id.startsWith(`opener${opener}-`)).length).toBe(3);
  }
  await expectIntact(file);
});

it.each([
  ['migration', () => raceMigration('fresh', 6, 'unlocked')],
  ['resets', () => raceResets('unlocked')],
] as const)('control: with our locks left out, the race for %s goes wrong', async (_, race) => {
  // A child that fails without a race would make every race go wrong.
  expectAllWell(
    await allEnds(await racers(newFile(), [{ role: 'writer', name: 'alone', times: ROUNDS }], 'unlocked')),
  );
  for (let round = 1; round <= MAX_CONTROL_ROUNDS; round++) {
    try {
      await race();
    } catch {
      return;
    }
  }
  expect.fail(`${MAX_CONTROL_ROUNDS} races without locks went well, so the race proves nothing`);
});
