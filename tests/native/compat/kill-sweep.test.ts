/** Our process, killed in the middle of commits; recovered by us and by native sqlite3 in turn. */
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { SCHEMA } from './children/rows.mjs';
import { nativeSqlite, startChild, temporaryFolder } from './child-process.ts';

/** Asynchronous kills. The sweep below meets file operations in turn. */
const EVERY = process.env['SWEEP'] === 'all';
const ROUNDS = EVERY ? 50 : 8;
/** Of the file operations of two commits, the check meets each third. An odd step lets both recover in turn. */
const STEP = EVERY ? 1 : 3;
const ROWS_EACH = 1_000_000;
const LONGEST_LIFE_MS = 60;
const SEED_ROWS = 200;
const MAX_OPERATIONS = 150;

const SEED = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${SEED_ROWS})
  INSERT INTO rows SELECT 'seed-' || i, hex(zeroblob(300)) FROM n; UPDATE total SET n = ${SEED_ROWS};`;

const NAMES = 'SELECT name FROM rows';
const TOTAL = 'SELECT n FROM total';
const INTEGRITY = 'PRAGMA integrity_check';

interface Recovered {
  readonly names: ReadonlySet<string>;
  readonly total: number;
  readonly integrity: string;
}

async function recoverOurselves(file: string): Promise<Recovered> {
  const opened = await openDatabase(fileStorage(file));
  const first = (query: string): unknown[] =>
    (opened.database.exec(query)[0]?.values ?? []).map(([value]) => value);
  const recovered = {
    names: new Set(first(NAMES).map(String)),
    total: Number(first(TOTAL)[0]),
    integrity: first(INTEGRITY).join('\n'),
  };
  opened.close();
  return recovered;
}

async function recoverNatively(file: string): Promise<Recovered> {
  return {
    names: new Set(nativeSqlite(file, NAMES).split('\n')),
    total: Number(nativeSqlite(file, TOTAL)),
    integrity: nativeSqlite(file, INTEGRITY),
  };
}

async function expectRecovered(file: string, round: number, acknowledged: readonly string[]): Promise<void> {
  const recover = round % 2 === 0 ? recoverOurselves : recoverNatively;
  const { names, total, integrity } = await recover(file);
  expect(integrity, `round ${round}`).toBe('ok');
  expect(names.size, `round ${round}: no half transaction`).toBe(total);
  expect(
    acknowledged.filter((name) => !names.has(name)),
    `round ${round}: acknowledged and lost`,
  ).toEqual([]);
}

/** A journal that starts with its magic bytes has something to roll back. */
function isHot(file: string): boolean {
  const journal = `${file}-journal`;
  return fs.existsSync(journal) && fs.readFileSync(journal).subarray(0, 1)[0] === 0xd9;
}

function isDamagedWithoutJournal(file: string): boolean {
  const bare = `${file}-bare`;
  fs.copyFileSync(file, bare);
  try {
    const isIntact = nativeSqlite(bare, INTEGRITY) === 'ok';
    return !isIntact || nativeSqlite(bare, 'SELECT count(*) FROM rows') !== nativeSqlite(bare, TOTAL);
  } catch {
    return true;
  }
}

function seededFile(): string {
  const file = path.join(temporaryFolder(), 'killed.db');
  nativeSqlite(file, SCHEMA + ';' + SEED);
  return file;
}

it(`killed at ${ROUNDS} random moments, no acknowledged row is lost`, async () => {
  const file = seededFile();
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const writer = startChild('our-writer', file, `round${round}`, String(ROWS_EACH));
    await Promise.race([once(writer.process.stdout ?? writer.process, 'data'), writer.ended]);
    await pause(Math.random() * LONGEST_LIFE_MS);
    writer.process.kill('SIGKILL');
    const end = await writer.ended;
    expect(end).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    expect(end.acknowledged.length).toBeGreaterThan(0);
    acknowledged.push(...end.acknowledged);
    await expectRecovered(file, round, acknowledged);
  }
});

it('killed before the file operations of two commits, no acknowledged row is lost', async () => {
  const seeded = seededFile();
  const file = `${seeded}-copy`;
  let hotJournals = 0;
  let savedByJournal = 0;
  for (let operation = 0; ; operation += STEP) {
    expect(operation, 'the sweep comes to an end').toBeLessThan(MAX_OPERATIONS);
    fs.copyFileSync(seeded, file);
    const end = await startChild('dying-writer', file, 'last', String(operation)).ended;
    if (isHot(file)) {
      hotJournals++;
      if (isDamagedWithoutJournal(file)) savedByJournal++;
    }
    await expectRecovered(file, operation, end.acknowledged);
    if (end.exitCode === 0) break;
    expect(end).toMatchObject({ signal: 'SIGKILL', stderr: '' });
  }
  expect(hotJournals, 'deaths that left a journal to roll back').toBeGreaterThan(10 / STEP);
  // The control: without the journal some of these files are broken, so the sweep does meet half-done commits.
  expect(savedByJournal, 'deaths that only the journal made good').toBeGreaterThan(0);
});
