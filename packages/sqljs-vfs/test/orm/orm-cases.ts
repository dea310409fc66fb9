/** What both drivers promise, on every storage. */
import { eq, sql } from 'drizzle-orm';
import { customType, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { Kysely, sql as kyselySql, type Generated } from 'kysely';
import { expect } from 'vitest';
import type { DurableDatabase } from '../../src/index.ts';
import { drizzle } from '../../src/orm/drizzle.ts';
import { DurableDialect } from '../../src/orm/kysely.ts';

// Drizzle's own `blob` needs Node's Buffer.
const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'blob' });

const note = sqliteTable('note', {
  id: integer('id').primaryKey(),
  body: text('body').notNull().unique(),
  done: integer('done', { mode: 'boolean' }).notNull().default(false),
  at: integer('at', { mode: 'timestamp_ms' }),
  weight: real('weight'),
  bytes: bytes('bytes'),
});

interface Tables {
  note: { id: Generated<number>; body: string; done: Generated<number>; weight: number | null };
}

const CREATE = `CREATE TABLE note(
  id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE, done INTEGER NOT NULL DEFAULT 0, at INTEGER, weight REAL, bytes BLOB)`;

/**
 * @param open - opens the same database each time, on a connection of its own
 * @param it - declares one case
 */
export function describeDrivers(
  storage: string,
  open: () => Promise<DurableDatabase>,
  it: (title: string, run: () => Promise<void>) => void,
): void {
  it(`${storage}, Drizzle: values keep their types, and rows are durable when a call resolves`, async () => {
    const database = drizzle(await open(), { schema: { note } });
    await database.run(sql.raw(CREATE));
    const row = {
      id: 1,
      body: 'one',
      done: true,
      at: new Date(86_400_000),
      weight: 0.5,
      bytes: new Uint8Array([0, 255]),
    };
    expect(await database.insert(note).values(row).returning()).toMatchObject([{ body: 'one', done: true }]);
    expect(await database.insert(note).values({ body: 'two' })).toMatchObject({
      changes: 1,
      lastInsertRowid: 2,
    });
    const other = drizzle(await open(), { schema: { note } });
    expect(await other.select().from(note).where(eq(note.id, 1)).get()).toEqual(row);
    expect(await other.query.note.findMany({ columns: { body: true } })).toEqual([
      { body: 'one' },
      { body: 'two' },
    ]);
    expect(await other.select().from(note).where(eq(note.id, 9)).get()).toBeUndefined();
    await expect(other.insert(note).values({ body: 'two' })).rejects.toMatchObject({
      cause: { resultCode: 19 },
    });
  });

  it(`${storage}, Drizzle: transactions run one at a time, roll back when they throw, and nest`, async () => {
    const database = drizzle(await open());
    const bodies = async (): Promise<string[]> =>
      (
        await drizzle(await open())
          .select({ body: note.body })
          .from(note)
          .orderBy(note.id)
      ).map(({ body }) => body);
    const before = await bodies();
    await expect(
      database.transaction(async (tx) => {
        await tx.insert(note).values({ body: 'lost' });
        throw new RangeError('no');
      }),
    ).rejects.toThrow(RangeError);
    expect(await bodies()).toEqual(before);
    const count = (): Promise<void> =>
      database.transaction(async (tx) => {
        const [{ n } = { n: 0 }] = await tx.select({ n: sql<number>`count(*)` }).from(note);
        await new Promise((resolve) => setTimeout(resolve));
        await tx.insert(note).values({ body: `${n}` });
      });
    await Promise.all([count(), count()]);
    const counted = [...before, `${before.length}`, `${before.length + 1}`];
    expect(await bodies()).toEqual(counted);
    await database.transaction(async (tx) => {
      await tx.insert(note).values({ body: 'outer' });
      await tx
        .transaction(async (nested) => {
          await nested.insert(note).values({ body: 'inner' });
          nested.rollback();
        })
        .catch(() => undefined);
    });
    expect(await bodies()).toEqual([...counted, 'outer']);
    const twice = database.insert(note).values({ body: 'twice' });
    await expect(database.batch([twice, twice])).rejects.toMatchObject({ resultCode: 19 });
    await database.batch([database.delete(note).where(eq(note.body, 'outer')), database.delete(note)]);
    expect(await bodies()).toEqual([]);
  });

  it(`${storage}, Kysely: rows are durable, transactions roll back when they throw, and have savepoints`, async () => {
    const database = new Kysely<Tables>({ dialect: new DurableDialect(await open()) });
    const bodies = async (): Promise<string[]> => {
      const other = new Kysely<Tables>({ dialect: new DurableDialect(await open()) });
      const rows = await other.selectFrom('note').select('body').orderBy('id').execute();
      await other.destroy();
      return rows.map(({ body }) => body);
    };
    const insert = (body: string, to: Pick<Kysely<Tables>, 'insertInto'> = database): Promise<unknown> =>
      to.insertInto('note').values({ body, weight: 0.5 }).executeTakeFirstOrThrow();
    expect(await insert('one')).toMatchObject({ insertId: 1n, numInsertedOrUpdatedRows: 1n });
    await expect(
      database.transaction().execute(async (trx) => {
        await insert('lost', trx);
        throw new RangeError('no');
      }),
    ).rejects.toThrow(RangeError);
    const trx = await database.startTransaction().execute();
    const waiting = insert('after');
    await insert('two', trx);
    const saved = await trx.savepoint('here').execute();
    await insert('undone', saved);
    const back = await saved.rollbackToSavepoint('here').execute();
    await back.releaseSavepoint('here').execute();
    await trx.commit().execute();
    await waiting;
    expect(await bodies()).toEqual(['one', 'two', 'after']);
    expect((await database.introspection.getTables()).map(({ name }) => name)).toEqual(['note']);
    const updated = await database.updateTable('note').set({ done: 1 }).executeTakeFirstOrThrow();
    expect(updated.numUpdatedRows).toBe(3n);
    expect((await kyselySql<{ x: number }>`SELECT 1 AS x`.execute(database)).rows).toEqual([{ x: 1 }]);
    await database.destroy();
    await expect(insert('closed')).rejects.toMatchObject({ message: 'driver has already been destroyed' });
  });
}
