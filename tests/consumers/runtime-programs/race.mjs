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

/** Debian's `sqlite3`, as the native peer of a race. */
const nativeShell = ({ run }) => ({
  ask: (file, statements) => run('sqlite3', [file, statements]),
  write: (file, script) => run('sh', ['-c', 'exec sqlite3 -batch -bail "$0" <"$1"', file, script]),
});

/** What SQLite says of a file that it cannot read. */
const UNREADABLE = /malformed|not a database|corrupt/;

/** @returns the damage to the file: rows lost or doubled, or a failed integrity check; undefined when it has none */
async function findDamage(native, file, acknowledged) {
  const ask = async (statements) => (await native.ask(file, statements)).trim().split(/\r?\n/);
  try {
    const stored = new Set(await ask('SELECT name FROM rows'));
    const lost = acknowledged.filter((name) => !stored.has(name));
    if (lost.length > 0) return `${lost.length} acknowledged rows lost`;
    const [rows, total, ...integrity] = await ask(
      'SELECT count(*) FROM rows; SELECT n FROM total; PRAGMA integrity_check',
    );
    if (integrity.join() !== 'ok') return `not intact: ${integrity.join('; ')}`;
    return rows === total && Number(rows) === stored.size ? undefined : `${rows} rows, of ${total} saved`;
  } catch (error) {
    if (UNREADABLE.test(error.message)) return error.message;
    throw error;
  }
}

/** @returns the `failure` of a program, and the `damage` to the file, of one race */
async function race({ project, run }, { command, file: toArguments }, native, locks) {
  const file = path.join(mkdtempSync(path.join(project, 'race-')), 'race.db');
  await native.ask(file, SCHEMA);
  const racer = path.join(project, 'racer.mjs');
  const runs = [
    ...OURS.map((name) =>
      run(command, toArguments(racer, [file, name, String(ROWS_EACH), locks]), { cwd: project }),
    ),
    ...NATIVE.map((name) => {
      const script = `${file}.${name}.sql`;
      writeFileSync(script, ['.timeout 60000', ...nativeScript(name)].join('\n'));
      return native.write(file, script);
    }),
  ];
  const ends = await Promise.allSettled(runs);
  const failure = ends.find(({ status }) => status === 'rejected')?.reason.message;
  const acknowledged = ends.flatMap(({ value }) => value?.trim().split(/\r?\n/) ?? []);
  const expected = (OURS.length + NATIVE.length) * ROWS_EACH;
  return {
    failure:
      failure ??
      (acknowledged.length === expected
        ? undefined
        : `${acknowledged.length} of ${expected} rows acknowledged`),
    damage: await findDamage(native, file, acknowledged),
  };
}

/**
 * @param native - the peer: `ask` runs statements on a file, `write` those in a script
 * @throws Error when a race with locks goes wrong
 */
export async function tryRace(context, runtime, native = nativeShell(context)) {
  const { failure, damage } = await race(context, runtime, native, 'locked');
  const problem = failure ?? damage;
  if (problem !== undefined) throw new Error(problem);
}

/** Control: the race must damage the file when the locks exclude no one. @throws Error when it does not */
export async function tryRaceWithoutLocks(context, runtime, native = nativeShell(context)) {
  for (let round = 0; round < MAX_CONTROL_ROUNDS; round++) {
    const { damage } = await race(context, runtime, native, 'unlocked');
    if (damage !== undefined) return;
  }
  throw new Error(`${MAX_CONTROL_ROUNDS} races without locks damaged no file, so the race proves nothing`);
}
