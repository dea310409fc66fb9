import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { DurableDialect } from '@ggen-sim/sqljs-vfs/kysely';
import { Kysely, type Generated } from 'kysely';

interface Tables {
  note: { id: Generated<number>; text: string };
}

const db = new Kysely<Tables>({ dialect: new DurableDialect(await openDatabase(fileStorage('notes.db'))) });
await db.schema
  .createTable('note')
  .ifNotExists()
  .addColumn('id', 'integer', (column) => column.primaryKey())
  .addColumn('text', 'text', (column) => column.notNull())
  .execute();
await db.insertInto('note').values({ text: 'durable when execute() resolves' }).execute();
process.stdout.write(`${(await db.selectFrom('note').selectAll().execute()).length} notes\n`);
await db.destroy();
