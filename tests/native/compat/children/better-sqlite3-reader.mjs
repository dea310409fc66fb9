/** Argument: file. The same as our reader, with better-sqlite3. */
import Database from 'better-sqlite3';

const database = new Database(process.argv[2] ?? '', { readonly: true, timeout: 30_000 });
const read = database.prepare('SELECT n, (SELECT count(*) FROM rows) AS counted FROM total');
let reads = 0;
process.stdin.resume();
while (!process.stdin.readableEnded) {
  const { n, counted } = /** @type {{ n: number, counted: number }} */ (read.get());
  if (n !== counted) throw new Error(`half a transaction: ${n} and ${counted}`);
  reads++;
  await new Promise((resolve) => setTimeout(resolve, 2));
}
process.stdout.write(`${reads}\n`);
database.close();
