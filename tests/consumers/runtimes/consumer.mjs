import { strict as assert } from 'node:assert';
import { renameSync } from 'node:fs';
import path from 'node:path';
import { tryCommandLine } from '../runtime-programs/command-line.mjs';
import { bun, deno, DENO_RIGHTS, node, withoutNode } from '../runtime-programs/runtimes.mjs';

const TRIED = 'the storage and persistence suites, also in a worker thread; the command line';

/** Runs the published suites, and once without locks, when the storage suite must notice. */
async function trySuites({ project, run, check }, runtime) {
  const suite = (...argumentList) =>
    run(runtime.command, runtime.file('suite.mjs', argumentList), { cwd: project, timeoutMs: 1_800_000 });
  await check('storage suite', () => suite('storage', 'locked'));
  await check('control: the storage suite fails without locks', () =>
    assert.rejects(suite('storage', 'unlocked'), /"failed":[1-9]/),
  );
  await check('persistence suite', () => suite('persistence', 'locked'));
}

/** One row. @param runtimeIn - how the runtime starts programs in a project */
const rowOf = (what, version, runtimeIn, unavailable) => ({
  what,
  version,
  tried: TRIED,
  ...(unavailable && { unavailable }),
  async try(context) {
    const runtime = runtimeIn(context.project);
    await trySuites(context, runtime);
    await context.check('command line', () => tryCommandLine(context, runtime));
  },
});

const nodeRow = (major) => rowOf(`Node ${major}`, `node-${major}`, node(major), withoutNode(major));

/** Bun puts the program and its packages into one file: the folder of packages must not be needed any more. */
async function tryCompiled({ project, run }) {
  const executable = path.join(project, 'receipt');
  const build = ['build', '--compile', 'receipt.mjs', '--outfile', executable];
  await run(bun(project).command, build, { cwd: project });
  const [packages, aside] = ['node_modules', 'aside'].map((name) => path.join(project, name));
  renameSync(packages, aside);
  try {
    const count = await run(executable, [path.join(project, 'compiled.db')], { cwd: project });
    assert.equal(count.trim(), '1');
  } finally {
    renameSync(aside, packages);
  }
}

const compiledRow = {
  what: 'Bun, one executable',
  version: 'bun',
  tried: '`bun build --compile`, without `node_modules`: a receipt saved',
  try: tryCompiled,
};

/** Jest's `expect`, `tmpdir` and the command line read environment variables. */
const denoWithEnvironment = (project) => deno(project, [...DENO_RIGHTS, '--allow-env']);

export default {
  area: 'Runtimes',
  sources: ['runtime-programs'],
  rows: [
    nodeRow(22),
    nodeRow(24),
    nodeRow(26),
    rowOf('Bun', 'bun', bun),
    compiledRow,
    rowOf('Deno', 'deno', denoWithEnvironment),
  ],
};
