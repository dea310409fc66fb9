/** Room that a cleanup gives back in databases of other programs. */
import { expect, it } from 'vitest';
import { createTestDatabase } from '../support/test-database.ts';

it.each([
  ['NONE', '2'],
  ['FULL', '1'],
  ['INCREMENTAL', '2'],
])('a vacuum of a large file leaves the auto_vacuum mode that a program chose: %s', async (mode, after) => {
  const database = createTestDatabase();
  database.native(`PRAGMA auto_vacuum=${mode}`, 'CREATE TABLE notes(x)', 'INSERT INTO notes VALUES (1)');
  const db = await database.open();
  database.native(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
    INSERT INTO notes SELECT zeroblob(1000000) FROM n`);
  expect(await db.cleanup({ vacuum: true })).toMatchObject({ freeBytes: 0 });
  expect(database.native('PRAGMA auto_vacuum')).toBe(after);
});
