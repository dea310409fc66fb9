/** Argument: file. Reads until standard input ends; any error but a busy file ends it with a failure. */
import { isBusy, openDatabase } from '../../../../packages/sqljs-vfs/dist/index.js';
import { fileStorage } from '../../../../packages/sqljs-vfs/dist/file.js';

const { database } = await openDatabase(fileStorage(process.argv[2] ?? ''));
let reads = 0;
process.stdin.resume();
while (!process.stdin.readableEnded) {
  try {
    const values = database.exec('SELECT n, (SELECT count(*) FROM rows) FROM total')[0]?.values[0] ?? [];
    if (values[0] !== values[1]) throw new Error(`half a transaction: ${values.join(' and ')}`);
    reads++;
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
}
process.stdout.write(`${reads}\n`);
database.close();
