/**
 * Locks that a runtime's foreign function interface calls wrongly. Node has no such interface on its oldest supported
 * version: `tests/consumers` runs the real ones in Bun and Deno.
 */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type CLibrary, fcntlRangeLocks } from '../../src/locks/fcntl-locks.node.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';

const EBADF = 9;
const EAGAIN = 11;

it.runIf(process.platform === 'linux').each([
  ['grants every lock', () => 0, 0, 'do not exclude each other'],
  ['refuses every lock', () => -1, EAGAIN, 'do not exclude each other'],
  ['has another argument in the place of the descriptor', () => -1, EBADF, 'EBADF'],
])('refuses a database when the C library %s, and leaves no file', (_, fcntl, errno, message) => {
  const folder = temporaryFolder();
  const library: CLibrary = { name: 'broken', fcntl, errno: () => errno };
  const rangeLocks = fcntlRangeLocks(() => library);
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(() => fileStorage(path.join(folder, 'data.db'), { rangeLocks })).toThrow(
      expect.objectContaining({
        code: 'LOCKS_UNAVAILABLE',
        message: expect.stringContaining(message) as string,
        hint: expect.stringContaining('singleProcess') as string,
      }) as Error,
    );
  }
  expect(fs.readdirSync(folder)).toEqual([]);
});

it('reports the failure of the usual C library when none can be loaded', () => {
  const load = (library: string): CLibrary => {
    throw new Error(`no permission for ${library}`);
  };
  expect(() => fcntlRangeLocks(load)).toThrow(/^no permission for lib(?:c|System)\b/);
});
