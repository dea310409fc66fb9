/** Core's processes and other programs that write to one database at once, and what must be there afterwards. */
import path from 'node:path';
import { openPersistence } from '@ggen-sim/core';
import { expect } from 'vitest';
import {
  type Child,
  type ChildEnd,
  nativeSqlite,
  startChild,
  startNative,
  temporaryFolder,
} from './child-process.ts';
import { INTEGRITY } from './core-databases.ts';

export const ROUNDS = 25;

export type Locks = 'locked' | 'unlocked';

/** Starts racers of core's, and lets them go together once all have loaded their code. */
export async function racers(
  file: string,
  given: readonly { role: string; name: string; times?: number; folder?: string }[],
  locks: Locks = 'locked',
  key?: Uint8Array,
): Promise<Child[]> {
  const digits = Buffer.from(key ?? []).toString('hex');
  const children = given.map(({ role, name, times = 1, folder = '' }) =>
    startChild('core-racer', file, role, name, String(times), locks, folder, digits),
  );
  await Promise.all(children.map(({ isReady }) => isReady));
  for (const child of children) child.go();
  return children;
}

export async function allEnds(children: readonly Child[]): Promise<ChildEnd[]> {
  return Promise.all(children.map(({ ended }) => ended));
}

export function expectAllWell(ends: readonly ChildEnd[]): void {
  expect(ends.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
    ends.map(() => ({ exitCode: 0, stderr: '' })),
  );
}

/** Programs that are not this one: what they write, and what they find. */
export interface Others {
  readonly key?: Uint8Array;
  readonly ask: (file: string, query: string) => string;
  /** Starts writers. Each writes `ROUNDS` records. */
  readonly write: (file: string, journalMode: string) => readonly Child[];
}

export const NATIVE: Others = {
  ask: nativeSqlite,
  write: (file, journalMode) => [
    startChild('better-sqlite3-core-writer', file, 'better', String(ROUNDS), journalMode),
    nativeWriter(file, 'native', journalMode),
  ],
};

/** Checks that the database is intact for the others and for `verify`. */
export async function expectIntact(file: string, { key, ask }: Others = NATIVE): Promise<void> {
  expect(ask(file, INTEGRITY)).toBe('ok');
  await using db = await openPersistence({ storage: 'file', path: file, ...(key && { key }) });
  // Rows of other programs have ids of their own; only those are no concern of this.
  const problems = (await db.verify()).problems.filter(({ check }) => check !== 'receipt');
  expect(problems).toEqual([]);
}

export function newFile(): string {
  return path.join(temporaryFolder(), 'race.db');
}

export async function emptyDatabase(file: string, key?: Uint8Array): Promise<void> {
  await using db = await openPersistence({ storage: 'file', path: file, ...(key && { key }) });
  await db.stats();
}

/** Each statement is a line, for shells that take them so. */
export function nativeScript(name: string): string {
  return Array.from(
    { length: ROUNDS },
    (_, row) =>
      'BEGIN IMMEDIATE; INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status) ' +
      `VALUES ('${name}-${row}', '${name}-${row}', '${name}', 'native', '{}', 'success'); ` +
      'INSERT INTO audit_log (audit_id, agent_id, operation, status) ' +
      `VALUES ('${name}-${row}', '${name}', '${name}-${row}', 'completed'); COMMIT; SELECT '${name}-${row}';`,
  ).join('\n');
}

export function nativeWriter(file: string, name: string, journalMode: string): Child {
  // The answer to the pragma is no acknowledgement.
  return startNative(
    file,
    `.output /dev/null\nPRAGMA journal_mode=${journalMode};\n.output\n${nativeScript(name)}`,
  );
}

/** Lets two writers of ours race with the others. @returns the number of acknowledged records, which are all there */
export async function raceWriters(others: Others, journalMode: string, locks: Locks): Promise<number> {
  const file = newFile();
  await emptyDatabase(file, others.key);
  const ours = [
    { role: 'writer', name: 'ours1', times: ROUNDS },
    { role: 'writer', name: 'ours2', times: ROUNDS },
  ];
  const writers = await allEnds([
    ...(await racers(file, ours, locks, others.key)),
    ...others.write(file, journalMode),
  ]);
  expectAllWell(writers);
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  const stored = others.ask(file, 'SELECT execution_id FROM receipts').split('\n');
  expect(stored.toSorted()).toEqual(acknowledged.toSorted());
  const versions = others.ask(file, 'SELECT agent_id, version FROM agent_memory ORDER BY agent_id');
  expect(versions).toBe(`ours1|${ROUNDS}\nours2|${ROUNDS}`);
  expect(others.ask(file, 'SELECT count(*) FROM audit_log')).toBe(String(4 * ROUNDS));
  await expectIntact(file, others);
  return acknowledged.length;
}

export const JOURNAL_MODES = ['delete', 'truncate', 'persist'];
