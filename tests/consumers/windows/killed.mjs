/** Argument: file. Changes it in a transaction that spills into the file, and kills itself before the commit. */
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';

const { database } = await openDatabase(fileStorage(process.argv[2]));
database.run('PRAGMA cache_size = 2');
database.run('BEGIN IMMEDIATE');
database.run('UPDATE rows SET filler = hex(zeroblob(400))');
console.log('changed');
process.kill(process.pid, 'SIGKILL');
