// Packs every package once and tries the tarballs as a user would: contents, Node, command line, quick consumers.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConsumers, tryConsumers } from './compat/consumers.mjs';
import { compareWithResults } from './compat/results.mjs';
import { checkContents } from './release-check/contents.mjs';
import { checkSizes } from './release-check/sizes.mjs';
import { tryCommandLine, tryInNode } from './release-check/node.mjs';
import { installInFreshProject, packAll, PACKAGES } from './release-check/tarballs.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-release-'));

/** Runs one step and prints its duration. */
async function step(title, work) {
  const begin = performance.now();
  const result = await work();
  console.log(`release:check: ${title} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  return result;
}

try {
  const tarballs = await step('packed', () => packAll(PACKAGES, folder));
  for (const tarball of tarballs) await step(`${tarball.name}: contents`, () => checkContents(tarball));
  const project = await step('installed in a fresh project', () => installInFreshProject(tarballs, folder));
  await step('Node: every entry imported, data saved and read', () => tryInNode(project, tarballs));
  await step('command line: a receipt saved and counted', () => tryCommandLine(project, tarballs));
  await step('sizes: within their bounds', () => checkSizes(tarballs, project, folder));
  await step('quick consumers: as recorded', async () => {
    const quick = (await readConsumers()).filter((consumer) => consumer.quick);
    compareWithResults(await tryConsumers(quick, tarballs, folder));
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
