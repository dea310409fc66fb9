import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';

const notes = await openDatabase(fileStorage('notes.db'));
notes.database.run('CREATE TABLE IF NOT EXISTS note(id INTEGER PRIMARY KEY, text TEXT)');
notes.database.run('INSERT INTO note(text) VALUES (?)', ['durable when run() returns']);
for (const row of notes.database.exec('SELECT * FROM note')[0]?.values ?? []) {
  process.stdout.write(`${row.join(': ')}\n`);
}
notes.close();
