/**
 * Runs a published test suite in this runtime, without a test runner of its own.
 * Arguments: `storage` or `persistence`, then `locked`, or `unlocked` for locks that exclude no one.
 * Prints the counts as JSON; failures go to standard error, and the exit code is 1.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const [suite, locks] = process.argv.slice(2);
const noLocks = { name: 'none', tryShared: () => true, tryExclusive: () => true, unlock() {} };
const rangeLocks = locks === 'unlocked' ? { rangeLocks: noLocks } : {};

const cases = [];
let skipped = 0;
let group = '';
const it = (title, body) => cases.push({ title: `${group}: ${title}`, body });
it.skip = () => skipped++;
const describe = (name, body) => {
  group = name;
  body();
};
// Bun finds no functions in the package's ES module, and Jest's `expect` takes one argument.
const { expect } = createRequire(import.meta.url)('expect');
const framework = { describe, it, expect: (actual) => expect(actual) };

const temporaryFolder = os.tmpdir();
// Only Jest's `expect` and `tmpdir` read the environment: the packages get no right that their READMEs do not name.
await globalThis.Deno?.permissions.revoke({ name: 'env' });

/** Removes a folder name by name: Bun's own recursive removal fails in Wine. */
function removeFolder(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) removeFolder(name);
    else fs.unlinkSync(name);
  }
  fs.rmdirSync(folder);
}

/** A new folder, and its removal. */
function folderHarness(members) {
  const folder = fs.mkdtempSync(path.join(temporaryFolder, 'ggen-sim-suite-'));
  return { ...members(path.join(folder, 'data.db')), remove: () => removeFolder(folder) };
}

/** Cases that would need gigabytes of memory. */
const HOLES = [
  'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros',
  'promise 3: offsets beyond 4 GiB are not truncated to 32 bits',
  'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
];

const suites = {
  async storage() {
    const { MemoryDisk, memoryStorage } = await import('@ggen-sim/sqljs-vfs');
    const { fileStorage } = await import('@ggen-sim/sqljs-vfs/file');
    const { describeStorage } = await import('@ggen-sim/sqljs-vfs/testing');
    describeStorage(
      'file',
      () => folderHarness((file) => ({ storage: () => fileStorage(file, rangeLocks) })),
      {
        framework,
      },
    );
    if (locks === 'unlocked') return;
    describeStorage(
      'memory',
      () => {
        const disk = new MemoryDisk();
        return { storage: () => memoryStorage(disk) };
      },
      {
        framework,
        skip: HOLES.map((title) => ({ case: title, reason: 'memory stores every byte of a hole' })),
      },
    );
  },
  async persistence() {
    const { openPersistence } = await import('@ggen-sim/core');
    const { describePersistence } = await import('@ggen-sim/core/testing');
    const openFile = (own) => () =>
      folderHarness((file) => ({
        open: (options) => openPersistence({ storage: 'file', path: file, ...own, ...options }),
      }));
    describePersistence('file', openFile({}), { framework });
    describePersistence('file, exclusive', openFile({ exclusive: true }), { framework });
    describePersistence('file, in a worker thread', openFile({ worker: true }), {
      framework,
      withoutClock: 'a function cannot be sent to a worker',
    });
    describePersistence(
      'memory',
      () => ({ open: (options) => openPersistence({ storage: 'memory', ...options }) }),
      {
        framework,
      },
    );
  },
};

await suites[suite]();
let failed = 0;
for (const { title, body } of cases) {
  try {
    await body();
  } catch (error) {
    failed++;
    console.error(`${title}: ${error?.stack ?? error}`);
  }
}
console.log(JSON.stringify({ passed: cases.length - failed, failed, skipped }));
process.exitCode = failed > 0 ? 1 : 0;
