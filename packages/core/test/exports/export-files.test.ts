/** Exports as files: complete or absent, private, and with the reason of a failure. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../../src/testing/persistence-case.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';
import { namesIn, openFilled } from '../support/filled-database.ts';
import { createTestDatabase } from '../support/test-database.ts';

describe('an export', () => {
  it('is complete or absent, has mode 0600, and follows a symlink', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    fs.symlinkSync('real.json', database.path('link.json'));
    const report = await db.exportAuditTrail({ output: database.path('link.json') });
    expect(report).toMatchObject({ path: database.path('link.json'), rows: 3 });
    expect(fs.lstatSync(database.path('link.json')).isSymbolicLink()).toBe(true);
    expect(fs.statSync(database.path('real.json')).size).toBe(report.bytes);
    expect(modeOf(database.path('real.json'))).toBe('600');
    expect(
      await rejectionOf(
        db.exportAuditTrail({ output: database.path('stopped.json'), signal: AbortSignal.abort() }),
      ),
    ).toMatchObject({
      code: 'ABORTED',
    });
    expect(await rejectionOf(db.exportAuditTrail({ output: database.folder }))).toMatchObject({
      code: 'IO_ERROR',
    });
    expect(namesIn(database)).toEqual(['ggen.db', 'link.json', 'real.json']);
  });

  it('reports why the caller’s stream failed', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const output = new WritableStream({ write: () => Promise.reject(new Error('the tape is torn')) });
    expect(await rejectionOf(db.exportAuditTrail({ output }))).toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringMatching(/the tape is torn/),
    });
  });
});
