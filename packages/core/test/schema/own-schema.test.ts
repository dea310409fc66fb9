/** A schema that this program made itself is recognised by its text, and no other is. */
import { memoryStorage, openDatabase } from '@ggen-sim/sqljs-vfs';
import { expect, it } from 'vitest';
import { SqliteConnection } from '../../src/engine/sqlite-connection.ts';
import { migrate } from '../../src/schema/migrator.ts';
import { isOwnSchema, schemaHash } from '../../src/schema/own-schema.ts';

async function newDatabase(changeLog: boolean): Promise<SqliteConnection> {
  const connection = new SqliteConnection(await openDatabase(memoryStorage()));
  await migrate(connection, new Date(), performance.now(), { changeLog });
  return connection;
}

it.each([false, true])(
  'recognises what it creates, also after VACUUM (change log: %s); a new migration changes the hash in own-schema.ts',
  async (changeLog) => {
    const connection = await newDatabase(changeLog);
    expect(isOwnSchema(connection), schemaHash(connection)).toBe(true);
    connection.exec('VACUUM');
    expect(isOwnSchema(connection)).toBe(true);
  },
);

it.each([
  'CREATE TABLE other(x)',
  'CREATE VIEW other AS SELECT 1',
  'CREATE UNIQUE INDEX other ON receipts(agent_id)',
  'CREATE TRIGGER other AFTER INSERT ON receipts BEGIN DELETE FROM receipts; END',
  'ALTER TABLE receipts ADD COLUMN other TEXT',
  'DROP INDEX idx_receipts_agent',
  'ANALYZE',
])('does not recognise a schema after %s', async (sql) => {
  const connection = await newDatabase(true);
  connection.exec(sql.replace('idx_receipts_agent', firstIndexOf(connection)));
  expect(isOwnSchema(connection)).toBe(false);
});

function firstIndexOf(connection: SqliteConnection): string {
  return String(
    connection.get("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")?.[0],
  );
}

it('does not recognise an empty database, nor one with a hundred further tables', async () => {
  const empty = new SqliteConnection(await openDatabase(memoryStorage()));
  expect(isOwnSchema(empty)).toBe(false);
  const connection = await newDatabase(false);
  for (let table = 0; table < 100; table++) connection.exec(`CREATE TABLE other_${table}(x)`);
  expect(isOwnSchema(connection)).toBe(false);
});
