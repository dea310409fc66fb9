/** Values that JavaScript or JSON would change: read, exported, backed up and restored exactly. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseJsonRow, encodeJsonValue } from '../../src/exports/json-values.ts';
import { auditLogTable } from '../../src/tables/audit-log.ts';
import { TextBytes } from '../../src/tables/stored-bytes.ts';
import { auditOf, collect, rejectionOf } from '../../src/testing/persistence-case.ts';
import { forge } from '../support/forged-backup.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';

const BIG = 2n ** 53n + 1n;
const LEAST = -(2n ** 63n);

const COLUMNS = auditLogTable.columns.map(({ column }) => column);

/** Every value of the audit log, with its type. */
const STORED = `SELECT rowid, ${COLUMNS.map((column) => `typeof(${column}), hex(${column})`).join()}, quote(duration_ms) FROM audit_log`;

const withoutRowids = (text: string): string[] =>
  text.split('\n').map((line) => line.replace(/^-?\d+\|/, ''));

describe('integers beyond 2^53 and BLOBs', () => {
  it('are read, exported, backed up and restored exactly, and verify names them', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    await db.logAudit(auditOf('own', { details: 'with 12345678901234567 and "quotes" \\' }));
    const insert =
      'INSERT INTO audit_log (rowid, audit_id, agent_id, operation, status, duration_ms, details)';
    database.native(
      `${insert} VALUES (${BIG}, 'big', 'a', 'o', 'completed', ${BIG}, 'text')`,
      `${insert} VALUES (${BIG + 1n}, 'blob', 'a', 'o', 'completed', ${LEAST}, x'00ff22')`,
      `${insert} VALUES (${BIG + 2n}, 'infinite', 'a', 'o', 'completed', 9e999, 'text')`,
      `${insert} VALUES (${BIG + 3n}, 'not utf-8', 'a', 'o', 'completed', 1, CAST(x'61ff62' AS TEXT))`,
      `${insert} VALUES (${BIG + 4n}, 'utf-8', 'a', 'o', 'completed', 1.5, '\u{fffd}')`,
    );
    const before = database.native(STORED);
    const rows = await db.queryAuditTrail();
    expect(rows.map(({ durationMs }) => durationMs)).toEqual([1.5, 1, Infinity, LEAST, BIG, 0]);
    expect(rows[3]?.details).toEqual(new Uint8Array([0, 255, 34]));
    expect(await collect(db.queryAuditTrail())).toEqual(rows);

    // Text that is not UTF-8 is bytes as well, where U+FFFD would hide what is stored.
    expect(rows[1]?.details).toEqual(new Uint8Array([0x61, 0xff, 0x62]));
    expect(rows[0]?.details).toBe('\u{fffd}');
    await db.exportAuditTrail({ output: database.path('out.json') });
    const exported = fs.readFileSync(database.path('out.json'), 'utf8');
    expect(exported).toContain(`"duration_ms":${BIG},`);
    expect(exported).toContain(`"duration_ms":${LEAST},`);
    expect(exported).toContain('"details":{"base64":"AP8i"}');
    await db.exportAuditTrail({ output: database.path('out.csv'), format: 'csv' });
    expect(fs.readFileSync(database.path('out.csv'), 'utf8')).toContain(
      `completed,${LEAST},"{""base64"":""AP8i""}",`,
    );

    const { problems } = await db.verify();
    expect(problems).toMatchObject([
      {
        check: 'audit',
        row: `audit_log ${BIG}`,
        message: `duration_ms is ${BIG}, not a whole number below 2^53`,
      },
      { message: `duration_ms is ${LEAST}, not a whole number below 2^53` },
      { message: 'duration_ms is Infinity, not a whole number below 2^53' },
      { message: 'details is binary data (3 bytes), not text' },
      { message: 'duration_ms is 1.5, not a whole number below 2^53' },
    ]);
    const directory = database.path('backup');
    expect((await db.exportBackup({ directory })).manifest.typedText).toBe(true);
    for (const from of ['json', 'image'] as const) {
      expect(await rejectionOf(db.restoreBackup({ directory, from, force: true }))).toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringContaining(`audit_log ${BIG} is invalid: duration_ms is ${BIG}`),
      });
    }
    await db.restoreBackup({ directory, from: 'json', force: true, acceptInvalid: true });
    expect(withoutRowids(database.native(STORED))).toEqual(withoutRowids(before));
    await db.restoreBackup({ directory, from: 'image', force: true, acceptInvalid: true });
    expect(database.native(STORED)).toBe(before);
    expect((await db.analytics({ agent: 'a' })).agentMetrics).toMatchObject([{ totalOperations: 5 }]);
  });

  it('a text that is not UTF-8 is told from a BLOB of the same bytes', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    await db.logAudit(auditOf('text', { details: 'text' }));
    await db.logAudit(auditOf('blob', { details: 'blob' }));
    database.native(
      "UPDATE audit_log SET details = CAST(x'61ff62' AS TEXT) WHERE operation = 'text'",
      "UPDATE audit_log SET details = x'61ff62' WHERE operation = 'blob'",
    );
    const before = database.native(STORED);
    const written = database.path('written');
    await db.exportBackup({ directory: written });
    const rows = fs.readFileSync(path.join(written, 'audit_log.json'), 'utf8');
    expect(rows).toContain('"details":{"text":{"base64":"Yf9i"}}');
    expect(rows).toContain('"details":{"base64":"Yf9i"}');

    const restored = async (change: (folder: string) => void, from?: 'json' | 'image'): Promise<string> => {
      const directory = database.path('changed');
      fs.cpSync(written, directory, { recursive: true, force: true });
      change(directory);
      const options = { directory, force: true, acceptInvalid: true, ...(from && { from }) };
      await db.restoreBackup(options);
      return database.native(STORED);
    };
    const untyped = (folder: string): void => {
      const file = path.join(folder, 'audit_log.json');
      fs.writeFileSync(file, rows.replace('{"text":{"base64":"Yf9i"}}', '{"base64":"Yf9i"}'));
      forge(folder, () => undefined);
    };
    for (const type of ['BLOB', 'TEXT']) {
      const error = await rejectionOf(
        restored((folder) => {
          const file = path.join(folder, 'ggen.db');
          nativeSqlite(file, `UPDATE audit_log SET details = CAST(x'61ff62' AS ${type})`);
          forge(folder, () => undefined);
        }),
      );
      expect(error).toMatchObject({
        code: 'BACKUP_INVALID',
        message: expect.stringMatching(/row \d of audit_log\.json differ in details$/),
      });
    }
    expect(await rejectionOf(restored(untyped))).toMatchObject({ code: 'BACKUP_INVALID' });

    // Older backups write both alike. The image knows the type, whatever is restored.
    const older = (folder: string): void => {
      untyped(folder);
      forge(folder, (manifest) => void delete (manifest as { typedText?: true }).typedText);
    };
    for (const from of ['json', 'image'] as const) expect(await restored(older, from)).toBe(before);
    const withoutImage = (folder: string): void => {
      fs.rmSync(path.join(folder, 'ggen.db'));
      forge(folder, (manifest) => {
        Object.assign(manifest, { files: manifest.files.filter(({ name }) => name !== 'ggen.db') });
      });
    };
    expect(await restored(withoutImage)).toBe(before);
    await restored((folder) => {
      older(folder);
      withoutImage(folder);
    });
    expect(database.native('SELECT typeof(details), hex(details) FROM audit_log')).toBe(
      'blob|61FF62\nblob|61FF62',
    );

    // UTF-16 has no form for the text.
    const utf16 = createTestDatabase();
    utf16.native("PRAGMA encoding = 'UTF-16le'", 'CREATE TABLE other (x)');
    const other = await utf16.open();
    await other.restoreBackup({ directory: written, from: 'json', acceptInvalid: true });
    expect(utf16.native('SELECT typeof(details), hex(details) FROM audit_log')).toBe(
      'blob|61FF62\nblob|61FF62',
    );
  });

  it('bytes in place of stored JSON are refused by the look-ups, which answer text', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    for (const [index, value] of ["x'7b7d'", "CAST(x'22ff22' AS TEXT)"].entries()) {
      database.native(
        `INSERT INTO agent_memory (memory_id, agent_id, agent_type, memory_json) VALUES ('m${index}', 'a${index}', 't', ${value})`,
        `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status) VALUES ('r${index}', 'e${index}', 'a', 't', ${value}, 'success')`,
      );
      expect(await rejectionOf(db.getMemory(`a${index}`))).toMatchObject({ code: 'INVALID_JSON' });
      expect(await rejectionOf(db.getReceipt(`r${index}`))).toMatchObject({ code: 'INVALID_JSON' });
    }
    const [row] = await db.queryReceipts({ order: 'oldest-first' });
    expect(row?.receiptJson).toEqual(new Uint8Array([0x7b, 0x7d]));
  });

  it('are read from rows that sqlite3 -json wrote', () => {
    const row = {
      a: 9007199254740993n,
      b: -9223372036854775808n,
      c: 1e20,
      d: 0.1234567890123456,
      e: 1234567890123456,
    };
    const text = `{"a":9007199254740993, "b" : -9223372036854775808,"c":100000000000000000000,"d":0.1234567890123456,"e":1234567890123456}`;
    expect(parseJsonRow(text)).toEqual(row);
    for (const value of [
      ...Object.values(row),
      'x:1234567890123456789,',
      '\\"',
      '{"base64":1}',
      new TextBytes([0x61, 0xff]),
      new Uint8Array([0x61, 0xff]),
      null,
      -Infinity,
    ]) {
      expect(parseJsonRow(`{"v":${encodeJsonValue(value)}}`)).toStrictEqual({ v: value });
    }
    expect(() => parseJsonRow('{"a":1234567890123456789')).toThrow(SyntaxError);
  });
});
