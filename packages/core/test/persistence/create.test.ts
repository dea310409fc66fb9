/** `create: false` on a file: a path that is missing is refused, and nothing comes into being. */
import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openPersistence } from '../../src/index.ts';
import { receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { stateOf } from '../support/file-state.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';

it.each([
  ['in process', {}],
  ['exclusive', { exclusive: true }],
  ['in one process', { singleProcess: true }],
])('refuses a missing file and opens an existing one, %s', async (_, own) => {
  const database = createTestDatabase();
  symlinkSync(database.path('gone.db'), database.path('dangling.db'));
  for (const missing of ['mistyped.db', 'no-such-folder/ggen.db', 'dangling.db']) {
    const opening = database.open({ path: database.path(missing), create: false, ...own });
    expect(await rejectionOf(opening)).toMatchObject({ name: 'PersistenceError', code: 'NOT_FOUND' });
  }
  expect(readdirSync(database.folder)).toEqual(['dangling.db']);

  const created = await database.open(own);
  await created.saveReceipt(receiptOf('a'));
  await created.close();
  await using again = await database.open({ create: false, ...own });
  expect(await again.queryReceipts()).toHaveLength(1);
});

it('initialises an empty file, which exists', async () => {
  const database = createTestDatabase();
  writeFileSync(database.file, '');
  await using db = await database.open({ create: false });
  expect(await db.stats()).toMatchObject({ receiptsTotal: 0 });
});

it('refuses a database of another program and leaves it untouched', async () => {
  const database = createTestDatabase();
  for (const [index, sql] of [
    'CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)',
    'CREATE VIEW theirs AS SELECT 1',
  ].entries()) {
    const path = database.path(`${index}.sqlite`);
    nativeSqlite(path, sql);
    const before = stateOf(path);
    const own = { exclusive: index === 1 };
    const error = await rejectionOf(database.open({ path, create: false, ...own }));
    expect(error).toMatchObject({
      name: 'PersistenceError',
      code: 'SCHEMA_MISMATCH',
      message: expect.stringMatching(/not a database of ggen-sim.*it holds/) as string,
      hint: expect.stringContaining('`create`') as string,
    });
    expect(stateOf(path)).toEqual(before);
  }
  expect(readdirSync(database.folder)).toEqual(['0.sqlite', '1.sqlite']);

  // Saves put this program's tables beside the others.
  const shared = { path: database.path('0.sqlite') };
  const saving = await database.open(shared);
  await saving.saveReceipt(receiptOf('a'));
  await saving.close();
  await using again = await database.open({ ...shared, create: false });
  expect(await again.queryReceipts()).toHaveLength(1);
  expect(nativeSqlite(shared.path, 'SELECT x FROM theirs')).toBe('1');
});

it('refuses it in memory, and a value that is not a boolean', async () => {
  for (const options of [
    { storage: 'memory', create: false },
    { storage: 'memory', create: 'no' },
  ]) {
    expect(await rejectionOf(openPersistence(options as never))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Invalid create') as string,
    });
  }
});
