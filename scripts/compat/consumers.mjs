import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const FOLDER = path.resolve('tests/consumers');
const SECTIONS = ['dependencies', 'devDependencies', 'optionalDependencies'];

/** Runs a program. @returns what it printed; what it printed is in the error as well */
export async function run(command, argumentList, { timeoutMs = 600_000, env, ...options } = {}) {
  try {
    const { stdout } = await promisify(execFile)(command, argumentList, {
      maxBuffer: 2 ** 26,
      timeout: timeoutMs,
      env: { ...process.env, ...env },
      ...options,
    });
    return stdout;
  } catch (error) {
    const output = [error.stdout, error.stderr].filter(Boolean).join('\n').trim();
    throw new Error(`${command} ${argumentList.join(' ')}: ${error.signal ?? error.code}\n${output}`, {
      cause: error,
    });
  }
}

/** Reads every consumer, in the order of the table. @returns their names with what their `consumer.mjs` exports */
export async function readConsumers() {
  const names = readdirSync(FOLDER).filter((name) => existsSync(path.join(FOLDER, name, 'consumer.mjs')));
  return Promise.all(
    names.map(async (name) => {
      const { default: consumer } = await import(path.join(FOLDER, name, 'consumer.mjs'));
      return Object.assign(consumer, { name });
    }),
  );
}

/** Names of our packages that a project needs when it depends on `names`: each with what it depends on itself. */
function withDependencies(names, tarballs) {
  const all = new Set(names);
  for (const name of all) {
    const { manifest } = tarballs.find((tarball) => tarball.name === name);
    for (const dependency of Object.keys(manifest.dependencies ?? {}))
      if (tarballs.some((tarball) => tarball.name === dependency)) all.add(dependency);
  }
  return all;
}

/** Installs a project with npm; our packages come from the tarballs. */
async function installProject(project, tarballs) {
  const manifestFile = path.join(project, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  const ours = SECTIONS.flatMap((section) => Object.keys(manifest[section] ?? {})).filter((dependency) =>
    tarballs.some((tarball) => tarball.name === dependency),
  );
  // No package of ours is in a registry before its release, so those that ours depend on come from tarballs as well.
  for (const dependency of withDependencies(ours, tarballs)) {
    const { file } = tarballs.find((tarball) => tarball.name === dependency);
    const section = SECTIONS.find((candidate) => manifest[candidate]?.[dependency]) ?? 'dependencies';
    manifest[section] = { ...manifest[section], [dependency]: `file:${file}` };
  }
  writeFileSync(manifestFile, JSON.stringify(manifest, undefined, 2));
  // A lock file of the consumer, which has the versions of its tools, is kept; our packages are added to it.
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: project });
}

/** Copies a consumer to a new folder and installs it. @returns its folder */
export async function installConsumer({ name, sources = [] }, tarballs, folder) {
  const project = mkdtempSync(path.join(folder, `${name}-`));
  for (const source of [...sources, name]) cpSync(path.join(FOLDER, source), project, { recursive: true });
  await installProject(project, tarballs);
  return project;
}

/** The version of a row: of an installed package, or what the row's own function finds. */
async function versionOf({ version }, context) {
  if (typeof version === 'function') return version(context);
  const manifest = path.join(context.project, 'node_modules', version, 'package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

/** What failed, in one line that is the same in every run: the project's folder and ports differ. */
export const stableReason = (error, project) =>
  String(error.message ?? error)
    .split('\n', 1)[0]
    .replaceAll(project, '<project>')
    .replaceAll(/(?<=\b(?:127\.0\.0\.1|localhost)):\d+/g, ':<port>');

/** Runs one row. @returns its entry of the results file */
async function tryRow(consumer, row, context) {
  const entry = { consumer: consumer.name, area: consumer.area, what: row.what };
  const notTried = await row.unavailable?.(context);
  if (notTried !== undefined) return { ...entry, notTried };
  const checks = {};
  const check = async (name, work) => {
    try {
      await work();
      checks[name] = 'passed';
    } catch (error) {
      checks[name] = `failed: ${stableReason(error, context.project)}`;
      console.error(`compat: ${row.what}: ${name}:`, error);
    }
  };
  await check('runs', () => row.try({ ...context, check }));
  if (Object.keys(checks).length > 1 && checks.runs === 'passed') delete checks.runs;
  return { ...entry, version: await versionOf(row, context), tried: row.tried, checks };
}

/**
 * Tries the rows of consumers, one after the other.
 * @param options - `onEntry` is called with each entry as soon as it is known; rows that are not chosen are left out
 * @returns their entries of the results file
 */
export async function tryConsumers(
  consumers,
  tarballs,
  folder,
  { onEntry = () => undefined, isRowChosen = () => true } = {},
) {
  const entries = [];
  for (const consumer of consumers) {
    const begin = performance.now();
    const project = await installConsumer(consumer, tarballs, folder);
    for (const row of consumer.rows.filter(isRowChosen)) {
      const entry = await tryRow(consumer, row, { project, run });
      entries.push(entry);
      onEntry(entry);
    }
    rmSync(project, { recursive: true, force: true });
    console.log(`compat: ${consumer.name} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  }
  return entries;
}
