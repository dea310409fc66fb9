// What a user installs is the packed tarball: its exports must exist and its types must resolve.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ggen-sim-packages-'));
const run = (command, ...argumentList) =>
  execFileSync(command, argumentList, { stdio: ['ignore', 'inherit', 'inherit'] });
try {
  for (const name of ['sqljs-vfs', 'core', 'agents', 'cli']) {
    run('pnpm', '--dir', `packages/${name}`, 'pack', '--pack-destination', folder);
  }
  for (const tarball of readdirSync(folder).toSorted()) {
    const packed = path.join(folder, tarball);
    run('pnpm', 'exec', 'publint', 'run', packed, '--strict');
    // The command line exports nothing to import.
    const isCommandLine = /^ggen-sim-\d/.test(tarball);
    if (!isCommandLine) run('pnpm', 'exec', 'attw', packed, '--profile', 'esm-only');
  }
} finally {
  rmSync(folder, { recursive: true });
}
