/**
 * Every operation of core's that changes files, killed before each of its changes to the file system (a choice of them,
 * or with SWEEP=all every single one): recovered by native sqlite3 and by us in turn, the database is what it was before
 * or what it is after, and after where the operation was acknowledged. A cleanup deletes in several transactions, so a
 * part of what it deletes may be gone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../support/seeded-random.ts';
import { type ChildEnd, nativeSqlite, startChild, temporaryFolder } from './child-process.ts';
import {
  ADOPTED,
  backupIn,
  filledDatabase,
  type Stored,
  storedByOurs,
  storedNatively,
} from './core-databases.ts';

const EVERY = process.env['SWEEP'] === 'all';
const FIRST = 1;
const LAST = 4;
const BETWEEN = 3;
/** Seed of the points between. SWEEP_SEED chooses others. */
const SEED = Number(process.env['SWEEP_SEED'] ?? 20_260_101);
const SIDE_FILES = ['-journal', '-wal', '-shm'];

interface Sweep {
  readonly operation: string;
  prepare(file: string): void | Promise<void>;
  /** The file may be left in WAL mode, which only an owner opens. */
  readonly exclusive?: boolean;
  /** Deaths that leave nothing to roll back prove little. */
  readonly leavesHotFiles?: boolean;
  /** Pages reach the file before their transaction ends, so that some deaths are made good by the journal alone. */
  readonly spills?: boolean;
  /** Several transactions, each of which deletes a part. */
  readonly deletesInParts?: boolean;
}

const filled = (file: string): Promise<void> => filledDatabase(file, 'stored');

const sweeps: readonly Sweep[] = [
  { operation: 'open', prepare: () => undefined, leavesHotFiles: true },
  { operation: 'open', prepare: (file) => void nativeSqlite(file, ADOPTED), leavesHotFiles: true },
  { operation: 'save', prepare: filled, leavesHotFiles: true },
  { operation: 'big', prepare: filled, leavesHotFiles: true, spills: true },
  { operation: 'exclusive', prepare: filled, exclusive: true, leavesHotFiles: true },
  { operation: 'cleanup', prepare: filled, leavesHotFiles: true, deletesInParts: true },
  { operation: 'reset', prepare: filled, leavesHotFiles: true },
  { operation: 'restoreImage', prepare: filled, leavesHotFiles: true },
  { operation: 'restoreJson', prepare: filled, leavesHotFiles: true },
  { operation: 'importImage', prepare: filled, leavesHotFiles: true },
  { operation: 'exportBackup', prepare: filled },
  { operation: 'open', prepare: leaveHotJournal, leavesHotFiles: true },
];

/** A database whose last owner died in the middle of a big transaction, with pages of it in the file. */
async function leaveHotJournal(file: string): Promise<void> {
  await filled(file);
  const whole = `${file}-measured`;
  fs.copyFileSync(file, whole);
  const changes = changesOf(await run(whole, 'big', Infinity));
  const end = await run(file, 'big', changes - 10);
  expect(end.signal).toBe('SIGKILL');
  expect(isHot(file)).toBe(true);
}

function run(file: string, operation: string, changes: number, backup = ''): Promise<ChildEnd> {
  return startChild('dying-operation', file, operation, String(changes), backup).ended;
}

function changesOf({ exitCode, acknowledged, stderr }: ChildEnd): number {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return Number(acknowledged[1]);
}

function copyDatabase(from: string, to: string): void {
  for (const suffix of ['', ...SIDE_FILES]) {
    fs.rmSync(to + suffix, { force: true });
    if (fs.existsSync(from + suffix)) fs.copyFileSync(from + suffix, to + suffix);
  }
  fs.rmSync(`${to}.backup`, { recursive: true, force: true });
  fs.rmSync(`${to}-renamed`, { force: true });
}

function isHot(file: string): boolean {
  return SIDE_FILES.some((suffix) => (fs.statSync(file + suffix, { throwIfNoEntry: false })?.size ?? 0) > 0);
}

/** True when the database file alone, without its journal, is none of these states. */
function isHalfDone(file: string, states: readonly Stored[]): boolean {
  const bare = `${file}-bare`;
  fs.copyFileSync(file, bare);
  try {
    const found = storedNatively(bare);
    return found.integrity !== 'ok' || states.every(({ content }) => content !== found.content);
  } catch {
    return true;
  }
}

/** Chooses where to crash: everywhere, or near the beginning, near the end where commits are, and at random points between. */
function pointsOf(changes: number): number[] {
  const random = new SeededRandom(SEED, changes);
  const every = Array.from({ length: changes }, (_, change) => change);
  if (EVERY || changes <= FIRST + BETWEEN + LAST) return every;
  const stride = (changes - FIRST - LAST) / BETWEEN;
  const between = Array.from({ length: BETWEEN }, (_, index) =>
    Math.floor(FIRST + (index + random.fraction()) * stride),
  );
  return [...every.slice(0, FIRST), ...between, ...every.slice(-LAST)];
}

/** True when nothing was added or changed, and nothing is gone that a finished deletion keeps. */
function isPartlyDeleted(found: Stored, before: Stored, after: Stored): boolean {
  const rowsOf = ({ content }: Stored): Set<string> => new Set(content.split('\n'));
  const [kept, old] = [rowsOf(found), rowsOf(before)];
  return (
    found.steps === after.steps &&
    [...kept].every((row) => old.has(row)) &&
    [...rowsOf(after)].every((row) => kept.has(row))
  );
}

async function recovered(file: string, point: number, exclusive: boolean): Promise<Stored> {
  return point % 2 === 0 ? storedNatively(file) : storedByOurs(file, { exclusive });
}

/** A backup is there whole, or not at all. */
async function expectWholeOrAbsent(directory: string, isAcknowledged: boolean, where: string): Promise<void> {
  if (!fs.existsSync(directory)) {
    expect(isAcknowledged, `${where}: acknowledged and missing`).toBe(false);
    return;
  }
  await using db = await openPersistence({ storage: 'memory' });
  const report = await db.restoreBackup({ directory });
  expect(report.receipts, where).toBe(300);
  expect((await db.verify()).ok, where).toBe(true);
}

describe.each(sweeps)('%#: $operation', (sweep) => {
  const { operation, prepare, exclusive = false, leavesHotFiles = false, spills = false } = sweep;
  const { deletesInParts = false } = sweep;

  it(
    `killed in the middle of ${operation}, the database is as before or as after it`,
    async () => {
      const folder = temporaryFolder();
      const backup =
        operation.startsWith('restore') || operation === 'importImage' ? await backupIn(folder) : '';
      const prepared = path.join(folder, 'prepared.db');
      await prepare(prepared);
      const file = path.join(folder, 'killed.db');

      copyDatabase(prepared, file);
      const before = fs.existsSync(file) ? storedNatively(file) : { content: '', steps: '', integrity: 'ok' };
      copyDatabase(prepared, file);
      const changes = changesOf(await run(file, operation, Infinity, backup));
      const after = storedNatively(file);
      expect(after.integrity).toBe('ok');

      let deaths = 0;
      let hot = 0;
      let savedByJournal = 0;
      for (const point of pointsOf(changes)) {
        copyDatabase(prepared, file);
        const end = await run(file, operation, point, backup);
        const where = `killed before change ${point} of ${changes}`;
        expect(end.stderr, where).toBe('');
        if (end.signal === 'SIGKILL') deaths++;
        if (isHot(file)) hot++;
        if (spills && isHalfDone(file, [before, after])) savedByJournal++;
        const isAcknowledged = end.acknowledged[0] === 'done';
        const found = await recovered(file, point, exclusive);
        expect(found.integrity, where).toBe('ok');
        const states = isAcknowledged ? [after] : [before, after];
        if (deletesInParts && !isAcknowledged && isPartlyDeleted(found, before, after)) states.push(found);
        expect(
          states.map(({ content, steps }) => ({ content, steps })),
          where,
        ).toContainEqual({ content: found.content, steps: found.steps });
        if (operation === 'exportBackup') await expectWholeOrAbsent(`${file}.backup`, isAcknowledged, where);
        // The next connection finds a database that `verify` accepts, and can write to it.
        await using db = await openPersistence({ storage: 'file', path: file, exclusive });
        expect((await db.verify()).problems, where).toEqual([]);
        await db.logAudit({ agentId: 'agent', operation: 'next', status: 'completed' });
      }
      expect(deaths, 'deaths').toBeGreaterThan(Math.min(changes, FIRST + BETWEEN + LAST) / 2);
      // The control: without the journal some of these files are no state at all, so the sweep does meet half-done work.
      if (spills) expect(savedByJournal, 'deaths that only the journal made good').toBeGreaterThan(0);
      if (leavesHotFiles) expect(hot, 'deaths that left something to roll back').toBeGreaterThan(0);
    },
    EVERY ? 7_200_000 : 900_000,
  );
});
