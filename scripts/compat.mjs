// Tries the packed packages in projects of outside consumers, and writes the README's compatibility table from the runs.
//   pnpm compat               the peers beside native SQLite, and the consumers that are quick
//   pnpm compat --all         everything there is; before a release
//   pnpm compat vite webpack  these consumers
//   pnpm compat runtimes --row Bun --row Deno   these rows of them
//   pnpm compat --table       only writes the table from the recorded results
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readConsumers, tryConsumers } from './compat/consumers.mjs';
import { recordResults } from './compat/results.mjs';
import { packAll, PACKAGES, run } from './release-check/tarballs.mjs';

const { values, positionals } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    row: { type: 'string', multiple: true },
  },
  allowPositionals: true,
});

/** The suite beside native SQLite works on the sources: it is no consumer of tarballs, but a row as the others. */
const NATIVE = { name: 'native', area: 'SQLite', rows: [{ what: 'better-sqlite3 and `sqlite3`' }] };

/** Runs the suite beside native SQLite. @returns its entry of the results file */
function tryNative() {
  let result = 'passed';
  try {
    run('pnpm', ['compat:native'], { stdio: 'inherit' });
  } catch (error) {
    result = `failed: ${error.message}`;
  }
  const { devDependencies } = JSON.parse(readFileSync('tests/native/package.json', 'utf8'));
  return {
    consumer: NATIVE.name,
    area: NATIVE.area,
    what: NATIVE.rows[0].what,
    version: devDependencies['better-sqlite3'],
    tried: 'one file in use by all at once, kills at every step, file formats in both directions',
    checks: { suite: result },
  };
}

async function main() {
  const consumers = await readConsumers();
  const known = [...consumers, NATIVE];
  const unknown = positionals.filter((wanted) => !known.some(({ name }) => name === wanted));
  if (unknown.length > 0)
    throw new Error(
      `no consumer ${unknown.join(', ')}; there are ${known.map(({ name }) => name).join(', ')}`,
    );
  const withoutRow = (values.row ?? []).filter(
    (wanted) => !known.some(({ rows }) => rows.some(({ what }) => what === wanted)),
  );
  if (withoutRow.length > 0) throw new Error(`no row ${withoutRow.join(', ')}`);
  const isRowChosen = ({ what }) => values.row === undefined || values.row.includes(what);
  const isChosen = ({ name, quick }) =>
    positionals.length > 0 ? positionals.includes(name) : values.all || quick === true;

  const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-compat-'));
  try {
    run('pnpm', ['-r', '--filter', './packages/*', 'run', 'build']);
    const tarballs = packAll(PACKAGES, folder);
    const entries = [];
    // Each row is recorded when it ends, so that an interrupted run keeps those before.
    const record = (entry) => {
      entries.push(entry);
      recordResults([entry], known);
    };
    const chosen = consumers.filter((consumer) => isChosen(consumer) && consumer.rows.some(isRowChosen));
    await tryConsumers(chosen, tarballs, folder, { onEntry: record, isRowChosen });
    if (isChosen({ ...NATIVE, quick: true }) && isRowChosen(NATIVE.rows[0])) record(tryNative());
    const failed = entries.filter(({ checks = {} }) =>
      Object.values(checks).some((result) => result !== 'passed'),
    );
    for (const { what } of failed) console.error(`compat: ${what} does not work`);
    process.exitCode = failed.length > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.table) recordResults([], [...(await readConsumers()), NATIVE]);
else await main();
