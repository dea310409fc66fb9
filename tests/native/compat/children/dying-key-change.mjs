/** Arguments: file, its key, the new key, as hexadecimal digits (none: not encrypted). Dies when only the journal is left to delete. */
import { changeDatabaseKey } from '../../../../packages/sqljs-vfs/dist/index.js';
import { fileStorage } from '../../../../packages/sqljs-vfs/dist/file.js';
import { observedStorage } from '../../../../packages/sqljs-vfs/dist/testing.js';

const [file = '', ...keys] = process.argv.slice(2);
const [key, newKey] = keys.map((digits) => (digits === '' ? undefined : Buffer.from(digits, 'hex')));
const storage = observedStorage(fileStorage(file), ({ verb, role }) => {
  if (verb === 'delete' && role === 'journal') process.kill(process.pid, 'SIGKILL');
});
await changeDatabaseKey(storage, { key, newKey });
