// Packs every package and prints what an installation and the first view of a page cost; fails when one is above its bound.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkSizes } from './release-check/sizes.mjs';
import { installInFreshProject, packAll, PACKAGES, run } from './release-check/tarballs.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-packages-'));
try {
  run('pnpm', ['-r', '--filter', './packages/*', 'run', 'build']);
  const tarballs = packAll(PACKAGES, folder);
  await checkSizes(tarballs, installInFreshProject(tarballs, folder), folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
