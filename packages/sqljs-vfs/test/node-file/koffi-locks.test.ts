/** The locks of Node on macOS, koffi and `fcntl`, with the constants of Linux. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Children } from '../../../../tests/support/child-process.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';
import { fcntlRangeLocks } from '../../src/locks/fcntl-locks.node.ts';
import { loadWithKoffi } from '../../src/locks/koffi-c-library.node.ts';
import { describeStorage } from '../../src/testing/index.ts';
import { fileHarness, ONE_GIGABYTE_IS_ENOUGH } from './file-harness.ts';

const PROCESSES = 12;
const ROWS_EACH = 10;

// The platform of koffi that this package's development depends on.
describe.runIf(process.platform === 'linux' && process.arch === 'x64')('koffi', () => {
  describeStorage('file, locks by koffi', () => fileHarness({ rangeLocks: fcntlRangeLocks(loadWithKoffi) }), {
    framework: { describe, expect, it },
    skip: ONE_GIGABYTE_IS_ENOUGH,
  });

  it('save the rows of many processes while native SQLite writes, and lose none', async () => {
    const children = await Children.bundle([path.join(import.meta.dirname, '../children/koffi-writer.ts')]);
    try {
      const databasePath = path.join(temporaryFolder(), 'data.db');
      nativeSqlite(
        databasePath,
        'CREATE TABLE rows(name TEXT PRIMARY KEY, filler TEXT); CREATE TABLE total(n INTEGER); INSERT INTO total VALUES (0)',
      );
      const ends = Array.from({ length: PROCESSES }, (_, index) =>
        children.run('koffi-writer', [databasePath, `ours${index}`, String(ROWS_EACH)]),
      );
      const all = Promise.all(ends);
      let nativeRows = 0;
      const isRunning = (): Promise<boolean> =>
        Promise.race([all.then(() => false), new Promise<boolean>((resolve) => setImmediate(resolve, true))]);
      while (await isRunning()) {
        nativeSqlite(
          databasePath,
          '.timeout 60000',
          `BEGIN IMMEDIATE; INSERT INTO rows VALUES ('native-${nativeRows++}', hex(zeroblob(300))); UPDATE total SET n = n + 1; COMMIT`,
        );
      }
      for (const { exitCode, stderr } of await all)
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      const rows = PROCESSES * ROWS_EACH + nativeRows;
      expect(
        nativeSqlite(databasePath, 'SELECT count(*) FROM rows; SELECT n FROM total; PRAGMA integrity_check'),
      ).toBe(`${rows}\n${rows}\nok`);
      expect(nativeRows, 'rows of native SQLite meanwhile').toBeGreaterThan(1);
    } finally {
      children.remove();
    }
  });
});
