/** Events of the change log in real files: several readers, other processes, kills, and what other programs write. */
import fs from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeEvent, Persistence } from '../../src/index.ts';
import {
  auditOf,
  collect,
  memoryOf,
  receiptOf,
  rejectionOf,
  upTo,
} from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import { lockByNative } from '../support/native-lock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let children: Children;
beforeAll(async () => {
  children = await Children.bundle(path.join(import.meta.dirname, '../children'));
});
afterAll(() => children.remove());

const NATIVE_AUDIT = (id: string): string =>
  `INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES ('${id}', 'native', 'o', 'completed')`;

/** Lists the entries as native SQLite reads them. */
function logged(database: TestDatabase): string[] {
  return database
    .native("SELECT seq || ' ' || kind || ' ' || ifnull(row_id, '') FROM _change_log")
    .split('\n');
}

const shown = ({ data }: ChangeEvent): string => `${data.seq} ${data.kind} ${data.rowId ?? ''}`;

/** A program that reads some events now and then, and keeps nothing but the id of the last one. */
class Reader {
  readonly events: ChangeEvent[] = [];

  async read(db: Persistence, limit: number): Promise<void> {
    const after = this.events.at(-1)?.id ?? 0;
    this.events.push(...(await collect(db.changes({ after, limit, rows: limit % 2 === 0 }))));
  }
}

async function changeSomething(random: SeededRandom, db: Persistence, database: TestDatabase): Promise<void> {
  const name = `n${random.below(1e9)}`;
  switch (random.below(7)) {
    case 0:
      await db.saveReceipts(upTo(random.between(1, 40)).map((n) => receiptOf(`${name}-${n}`)));
      return;
    case 1:
      await db.saveMemory(memoryOf(`agent-${random.below(3)}`, { memory: { name } }));
      return;
    case 2:
      await db.record({ receipts: [receiptOf(name)], memories: [memoryOf('m')], audits: [auditOf(name)] });
      return;
    case 3: {
      // A group of which one save fails: the numbers of what is taken back are given again.
      const saves = [receiptOf(name), receiptOf(name), receiptOf(`${name}-2`)];
      const settled = await Promise.allSettled(saves.map((receipt) => db.saveReceipt(receipt)));
      expect(settled.filter(({ status }) => status === 'rejected').length).toBe(1);
      return;
    }
    case 4:
      database.native(NATIVE_AUDIT(name));
      return;
    case 5:
      await rejectionOf(db.saveReceipts([receiptOf(name), receiptOf(name)]));
      return;
    default:
      if (random.chance(0.2)) await db.cleanup({ days: 0, vacuum: random.chance(0.5) });
      else await db.logAudit(auditOf(name));
  }
}

describe.each(upTo(6).map((n) => n + 1))('random history %i', (seed) => {
  it('is read exactly once and in order by every reader, wherever each one stops and goes on', async () => {
    const random = new SeededRandom(seed);
    const database = createTestDatabase();
    const handles = [await database.open(), await database.open()];
    const readers = upTo(3).map(() => new Reader());
    const follower: ChangeEvent[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const event of random.oneOf(handles).changes({ follow: true, signal: stop.signal }))
        follower.push(event);
    })();
    const stopped = rejectionOf(following);
    for (const _ of upTo(60)) {
      await changeSomething(random, random.oneOf(handles), database);
      if (random.chance(0.5)) await random.oneOf(readers).read(random.oneOf(handles), random.between(1, 30));
    }
    // Native rows are adopted at the next write.
    await random.oneOf(handles).logAudit(auditOf('last'));
    for (const reader of readers) await reader.read(random.oneOf(handles), 1_000_000);
    const all = logged(database);
    for (const reader of readers) expect(reader.events.map(shown)).toEqual(all);
    await expect.poll(() => follower.length).toBe(all.length);
    expect(follower.map(shown)).toEqual(all);
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'ABORTED' });
  });
});

describe('a follower', () => {
  it('sees what other processes save, and nothing of a transaction that a kill has interrupted', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    const followed: ChangeEvent[] = [];
    const stop = new AbortController();
    const stopped = rejectionOf(
      (async () => {
        for await (const event of db.changes({ follow: true, signal: stop.signal })) followed.push(event);
      })(),
    );
    const acknowledged = new Set<string>();
    for (const round of upTo(6)) {
      const child = spawn(process.execPath, [
        children.script('save-until-killed'),
        database.file,
        `round-${round}`,
      ]);
      let output = '';
      child.stdout.on('data', (data: Buffer) => (output += String(data)));
      const before = followed.length;
      await expect.poll(() => followed.length).toBeGreaterThan(before + 5 * round);
      child.kill('SIGKILL');
      await once(child, 'close');
      for (const id of output.split('\n').slice(0, -1)) acknowledged.add(id);
    }
    // A transaction that the last kill interrupted is rolled back by the next one that begins.
    const { auditId } = await db.logAudit(auditOf('last'));
    await expect.poll(() => followed.at(-1)?.data.rowId).toBe(auditId);
    expect(followed.map(shown)).toEqual(logged(database));
    expect(followed.map(({ data }) => data.seq)).toEqual(upTo(followed.length).map((n) => n + 1));
    const ids = new Set(followed.map(({ subject }) => subject));
    expect([...acknowledged].filter((id) => !ids.has(id))).toEqual([]);
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'ABORTED' });
  });

  it('holds no lock while its reader is slow, and reads no more in advance than a batch', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    const receipt = JSON.stringify('x'.repeat(600_000));
    await db.saveReceipts(upTo(6).map((n) => receiptOf(`e-${n}`, { receipt })));
    const events = db.changes({ rows: true, follow: true })[Symbol.asyncIterator]();
    await events.next();
    // Native SQLite does not wait for a lock unless it is told to.
    database.native("UPDATE receipts SET agent_id = 'edited' WHERE execution_id IN ('e-1', 'e-5')");
    const rows: (object | null | undefined)[] = [];
    for (const _ of upTo(5)) rows.push(((await events.next()).value as ChangeEvent).data.row);
    expect(rows.map((row) => row !== null)).toEqual([true, true, true, true, false]);
    await events.return?.();
  });

  it('goes on after another connection has held the database for longer than the deadline', async () => {
    const database = createTestDatabase();
    const db = await database.open({ retry: { busyDeadlineMs: 20 } });
    const waiting = db.changes({ follow: true })[Symbol.asyncIterator]();
    const stop = new AbortController();
    const stopped = rejectionOf(collect(db.changes({ follow: true, after: 'latest', signal: stop.signal })));
    const first = waiting.next();
    await db.stats();
    const release = await lockByNative(database.file);
    // Without `follow` the lock is an error, and by then the followers have met it as well.
    for (const _ of upTo(3))
      expect(await rejectionOf(collect(db.changes()))).toMatchObject({ code: 'DATABASE_LOCKED' });
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'ABORTED' });
    await release();
    await db.logAudit(auditOf('o'));
    expect(((await first).value as ChangeEvent).data.seq).toBe(1);
    await waiting.return?.();
  });

  it('hears its signal while it waits for the lock of another connection', async () => {
    const database = createTestDatabase();
    const db = await database.open({ retry: { busyDeadlineMs: 1_000_000 } });
    const release = await lockByNative(database.file);
    const stop = new AbortController();
    const stopped = rejectionOf(collect(db.changes({ follow: true, signal: stop.signal })));
    const events = db.changes({ follow: true })[Symbol.asyncIterator]();
    const first = events.next();
    await events.return?.();
    expect((await first).done).toBe(true);
    stop.abort();
    expect(await stopped).toMatchObject({ code: 'ABORTED' });
    await release();
  });

  it('ends when the change log is dropped, and when it is created anew', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    const follow = async (): Promise<{ readonly ended: Promise<Error> }> => {
      await db.logAudit(auditOf('o'));
      const ended = rejectionOf(collect(db.changes({ after: 'latest', follow: true })));
      await db.stats();
      return { ended };
    };
    const dropped = await follow();
    database.native('DROP TABLE _change_log');
    expect(await dropped.ended).toMatchObject({
      code: 'NO_CHANGE_LOG',
      message: expect.stringContaining('was dropped'),
    });
    await db.enableHistory();
    const { origin } = await db.historyStatus();
    const renewed = await follow();
    database.native(
      `UPDATE _schema_metadata SET value = '019b0000-0000-7000-8000-000000000000' WHERE value = '${origin}'`,
    );
    expect(await renewed.ended).toMatchObject({ code: 'CHANGE_LOG_RESET' });
  });
});

it('refuses a database without a change log, and says how to create it', async () => {
  const database = createTestDatabase();
  const db = await database.open({ changeLog: false });
  await db.logAudit(auditOf('o'));
  const hint = 'Create it with `enableHistory`.';
  expect(await rejectionOf(collect(db.changes()))).toMatchObject({ code: 'NO_CHANGE_LOG', hint });
  await db.enableHistory();
  expect((await collect(db.changes())).map(({ type }) => type)).toEqual(['dev.ggen-sim.audit.adopted.v1']);
});

it('refuses a position behind the end, as of an older copy of the file', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await db.logAudits(upTo(5).map((n) => auditOf(`o-${n}`)));
  const [last] = await collect(db.changes({ after: 4 }));
  database.native('DELETE FROM _change_log WHERE seq > 3');
  expect(await rejectionOf(collect(db.changes({ after: last?.id ?? '' })))).toMatchObject({
    code: 'CHANGE_LOG_RESET',
    message: expect.stringContaining('ends at 3, before 5'),
  });
});

it('refuses a position in an older copy of the file that has gone on to other entries', async () => {
  const database = createTestDatabase();
  const copy = database.path('copy.db');
  let db = await database.open();
  await db.logAudits(upTo(5).map((n) => auditOf(`o-${n}`)));
  const before = await collect(db.changes());
  await db.close();
  fs.copyFileSync(database.file, copy);
  db = await database.open();
  await db.logAudits(upTo(5).map((n) => auditOf(`lost-${n}`)));
  const lost = await collect(db.changes({ after: 5 }));
  await db.close();

  fs.copyFileSync(copy, database.file);
  db = await database.open();
  await db.logAudits(upTo(10).map((n) => auditOf(`other-${n}`)));
  for (const { id } of lost) {
    expect(await rejectionOf(collect(db.changes({ after: id })))).toMatchObject({ code: 'CHANGE_LOG_RESET' });
  }
  for (const { id, data } of before) {
    expect(await collect(db.changes({ after: id }))).toHaveLength(15 - data.seq);
  }
});

it('gives what other programs wrote exactly, and leaves out numbers that are none', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  database.native(
    "INSERT INTO audit_log VALUES (x'00', '2026-01-01', 'native', 'o', NULL, 'completed', 9007199254740993, CAST(x'ff' AS TEXT), NULL)",
    NATIVE_AUDIT('a'),
  );
  await db.logAudit(auditOf('own'));
  database.native(
    "UPDATE _change_log SET at = 'soon' WHERE seq = 2",
    "INSERT INTO _change_log VALUES (9223372036854775807, 'x', 'receipt.saved', NULL, NULL, x'', NULL)",
    "INSERT INTO _change_log VALUES (-5, 'x', 'receipt.saved', NULL, NULL, x'', NULL)",
    `INSERT INTO _change_log VALUES (4, '2026-01-01 00:00:00', 'rows.deleted', NULL, NULL, x'00', '{"table":"receipts","rowids":[[1,9007199254740993]]}')`,
    "INSERT INTO _change_log VALUES (5, x'00', 'rows.deleted', NULL, NULL, 'no hash', 'no JSON')",
  );
  const events = await collect(db.changes({ rows: true }));
  expect(events.map(({ data }) => data.seq)).toEqual([1, 2, 3, 4, 5]);
  // The first one has no id that is a text.
  expect(events[0]?.data).toMatchObject({ kind: 'audit.adopted', rowId: null, row: null });
  expect(events[1]).not.toHaveProperty('time');
  expect(events[1]?.data.row).toMatchObject({ auditId: 'a', agentId: 'native' });
  expect(events[3]?.data.details).toEqual({ table: 'receipts', rowids: [[1, 9007199254740993n]] });
  expect(events[4]?.data).toMatchObject({ leaf: '', details: {}, table: null, row: null });
});
