import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { drizzle } from '@ggen-sim/sqljs-vfs/drizzle';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

const note = sqliteTable('note', { id: integer('id').primaryKey(), text: text('text').notNull() });

const notes = await openDatabase(fileStorage('notes.db'));
const db = drizzle(notes, { schema: { note } });
await db.run('CREATE TABLE IF NOT EXISTS note(id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
await db.transaction(async (tx) => {
  await tx.insert(note).values({ text: 'durable when transaction() resolves' });
});
process.stdout.write(`${(await db.query.note.findMany()).length} notes\n`);
notes.close();
