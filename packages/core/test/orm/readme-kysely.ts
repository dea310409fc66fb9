import type { Tables } from '@ggen-sim/core/kysely';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { DurableDialect } from '@ggen-sim/sqljs-vfs/kysely';
import { Kysely } from 'kysely';

const db = new Kysely<Tables>({ dialect: new DurableDialect(await openDatabase(fileStorage('ggen.db'))) });
const runs = await db
  .selectFrom('receipts')
  .select(({ fn }) => ['agent_id', fn.countAll<number>().as('count')])
  .groupBy('agent_id')
  .execute();
process.stdout.write(`${JSON.stringify(runs)}\n`);
await db.destroy();
