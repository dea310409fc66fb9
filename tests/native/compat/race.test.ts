/** Our processes, native shells and better-sqlite3, all writing to one file at once. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { SCHEMA } from './children/rows.mjs';
import { type ChildEnd, nativeSqlite, startChild, startNative, temporaryFolder } from './child-process.ts';

const ROWS_EACH = 200;
const MAX_CONTROL_ROUNDS = 10;

interface RaceResult {
  readonly writers: readonly ChildEnd[];
  readonly readers: readonly ChildEnd[];
  readonly acknowledged: readonly string[];
  /** Acknowledged rows that are not there. */
  readonly lost: readonly string[];
  readonly total: string;
  readonly integrity: string;
}

function nativeScript(writer: string): string {
  return Array.from(
    { length: ROWS_EACH },
    (_, row) =>
      `BEGIN IMMEDIATE; INSERT INTO rows VALUES ('${writer}-${row}', replace(zeroblob(40), x'00', '${writer}-${row}')); ` +
      `UPDATE total SET n = n + 1; COMMIT; SELECT '${writer}-${row}';`,
  ).join('\n');
}

/** Runs a statement. The error of a damaged file is part of the result. */
function ask(file: string, statement: string): string {
  try {
    return nativeSqlite(file, statement);
  } catch (error) {
    return String(error);
  }
}

async function race(locks: 'locked' | 'unlocked'): Promise<RaceResult> {
  const file = path.join(temporaryFolder(), 'race.db');
  nativeSqlite(file, SCHEMA);
  const readers = ['our-reader', 'better-sqlite3-reader'].map((name) => startChild(name, file));
  const writers = await Promise.all(
    [
      startChild('our-writer', file, 'ours1', String(ROWS_EACH), locks),
      startChild('our-writer', file, 'ours2', String(ROWS_EACH), locks),
      startChild('better-sqlite3-writer', file, 'better', String(ROWS_EACH)),
      startNative(file, nativeScript('native1')),
      startNative(file, nativeScript('native2')),
    ].map(({ ended }) => ended),
  );
  for (const reader of readers) reader.process.stdin?.end();
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  const stored = new Set(ask(file, 'SELECT name FROM rows').split('\n'));
  return {
    writers,
    readers: await Promise.all(readers.map(({ ended }) => ended)),
    acknowledged,
    lost: acknowledged.filter((name) => !stored.has(name)),
    total: ask(file, 'SELECT n FROM total'),
    integrity: ask(file, 'PRAGMA integrity_check'),
  };
}

function isIntact({ writers, readers, lost, integrity, total, acknowledged }: RaceResult): boolean {
  const allFinished = [...writers, ...readers].every(({ exitCode }) => exitCode === 0);
  return allFinished && lost.length === 0 && integrity === 'ok' && total === String(acknowledged.length);
}

it('every acknowledged row is there, and no reader ever sees half a transaction or a damaged file', async () => {
  const result = await race('locked');
  for (const { exitCode, stderr } of [...result.writers, ...result.readers]) {
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  }
  expect(result.acknowledged.length).toBe(5 * ROWS_EACH);
  expect(result.lost).toEqual([]);
  expect(result.total).toBe(String(5 * ROWS_EACH));
  expect(result.integrity).toBe('ok');
  for (const {
    acknowledged: [reads],
  } of result.readers)
    expect(Number(reads), 'reads meanwhile').toBeGreaterThan(10);
  expect(isIntact(result)).toBe(true);
});

it('control: with our locks left out, the same race damages the file or loses rows', async () => {
  // A writer that cannot run at all would spoil every race, and prove nothing about locks.
  const file = path.join(temporaryFolder(), 'alone.db');
  nativeSqlite(file, SCHEMA);
  const alone = await startChild('our-writer', file, 'alone', String(ROWS_EACH), 'unlocked').ended;
  expect(alone).toMatchObject({ exitCode: 0, stderr: '' });
  expect(alone.acknowledged.length).toBe(ROWS_EACH);
  for (let round = 1; round <= MAX_CONTROL_ROUNDS; round++) {
    if (!isIntact(await race('unlocked'))) return;
  }
  expect.fail(`${MAX_CONTROL_ROUNDS} races without locks went well, so the race proves nothing`);
});
