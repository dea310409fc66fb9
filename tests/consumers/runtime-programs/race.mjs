/** Processes of one runtime and native SQLite, all writing to one file at once. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROWS_EACH = 15;
const OURS = ['ours1', 'ours2', 'ours3'];
const NATIVE = ['native1', 'native2'];
const MAX_CONTROL_ROUNDS = 10;
const SCHEMA =
  'CREATE TABLE rows(name TEXT PRIMARY KEY, filler TEXT); CREATE TABLE total(n INTEGER); INSERT INTO total VALUES (0)';

const nativeScript = (name) =>
  Array.from(
    { length: ROWS_EACH },
    (_, row) =>
      `BEGIN IMMEDIATE; INSERT INTO rows VALUES ('${name}-${row}', hex(zeroblob(300))); ` +
      `UPDATE total SET n = n + 1; COMMIT; SELECT '${name}-${row}';`,
  );

/** @returns what is wrong after one race; undefined when every acknowledged row is there, once, in an intact file */
async function race({ project, run }, { command, file: toArguments }, locks) {
  const file = path.join(mkdtempSync(path.join(project, 'race-')), 'race.db');
  await run('sqlite3', [file, SCHEMA]);
  const racer = path.join(project, 'racer.mjs');
  const runs = [
    ...OURS.map((name) =>
      run(command, toArguments(racer, [file, name, String(ROWS_EACH), locks]), { cwd: project }),
    ),
    ...NATIVE.map((name) => {
      const script = `${file}.${name}.sql`;
      writeFileSync(script, ['.timeout 60000', ...nativeScript(name)].join('\n'));
      return run('sh', ['-c', 'exec sqlite3 -batch -bail "$0" <"$1"', file, script]);
    }),
  ];
  const ends = await Promise.allSettled(runs);
  const failure = ends.find(({ status }) => status === 'rejected')?.reason;
  if (failure) return failure.message;
  const acknowledged = ends.flatMap(({ value }) => value.trim().split('\n')).toSorted();
  const ask = (statement) => run('sqlite3', [file, statement]).catch((error) => error.message);
  const stored = (await ask('SELECT name FROM rows')).trim().split('\n').toSorted();
  const rest = (await ask('SELECT n FROM total; PRAGMA integrity_check')).trim();
  const expected = (OURS.length + NATIVE.length) * ROWS_EACH;
  if (acknowledged.length !== expected) return `${acknowledged.length} of ${expected} rows acknowledged`;
  if (stored.join() !== acknowledged.join()) return `${stored.length} of ${expected} rows stored`;
  return rest === `${expected}\nok` ? undefined : rest;
}

/** @throws Error when a race with locks goes wrong */
export async function tryRace(context, runtime) {
  const problem = await race(context, runtime, 'locked');
  if (problem !== undefined) throw new Error(problem);
}

/** Control: the race must go wrong when the locks exclude no one. @throws Error when it does not */
export async function tryRaceWithoutLocks(context, runtime) {
  for (let round = 0; round < MAX_CONTROL_ROUNDS; round++) {
    if ((await race(context, runtime, 'unlocked')) !== undefined) return;
  }
  throw new Error(`${MAX_CONTROL_ROUNDS} races without locks went well, so the race proves nothing`);
}
