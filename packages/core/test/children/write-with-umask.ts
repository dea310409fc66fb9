/** Arguments: a umask and a folder. Makes a database, an export and a backup, and prints the modes of all files. */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence } from '../../src/index.ts';

const [umask = '', folder = ''] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));
const modes: Record<string, string> = {};
const note = (name: string): void => {
  const file = path.join(folder, name);
  if (fs.existsSync(file)) modes[name] = (fs.statSync(file).mode & 0o7777).toString(8);
};
const db = await openPersistence({ storage: 'file', path: path.join(folder, 'a', 'b', 'ggen.db') });
await db.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: '{}' });
note('a/b/ggen.db-journal');
await db.exportAuditTrail({ output: path.join(folder, 'exports', 'audit.json') });
await db.exportBackup({ directory: path.join(folder, 'backups', 'one') });
await db.close();
const owner = await openPersistence({ storage: 'file', path: path.join(folder, 'own.db'), exclusive: true });
await owner.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: '{}' });
note('own.db-wal');
await owner.close();
for (const name of fs.readdirSync(folder, { recursive: true, encoding: 'utf8' })) note(name);
process.stdout.write(JSON.stringify(modes));
