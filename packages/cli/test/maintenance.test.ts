/** Backup, restore, cleanup, reset and verify on real files, checked with native sqlite3. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, parseRows } from './run-cli.ts';

const sandbox = new Sandbox();
const at = (...parts: string[]): string => join(sandbox.directory, ...parts);
const native = (sql: string, file = sandbox.databasePath): string =>
  execFileSync('sqlite3', [file, sql], { encoding: 'utf8' }).trim();
const run = async (...words: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await sandbox.db(...words)) as Record<string, unknown>;

beforeAll(async () => {
  for (const id of ['one', 'two', 'three'])
    await sandbox.db('save-receipt', id, 'agent-1', 'validation', `{"id":"${id}"}`);
  await sandbox.db('save-memory', 'agent-1', 'validation', '{"n": 1.0}');
  await sandbox.db('log-audit', 'agent-1', 'op', 'completed', '', '5');
});

describe('backup and restore', () => {
  it('writes a manifest that matches the files', async () => {
    const directory = at('backup');
    const { manifest } = (await run('backup', directory)) as {
      manifest: { files: { name: string; bytes: number; sha256: string }[] };
    };
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const { name, bytes, sha256 } of manifest.files) {
      const content = readFileSync(join(directory, name));
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    }
    expect(parseRows(readFileSync(join(directory, 'receipts.json'), 'utf8'))).toHaveLength(3);
  });

  it('never overwrites a backup, and puts the time in the default name', async () => {
    const again = await sandbox.run(['db', 'backup', 'backup']);
    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('error[ALREADY_EXISTS]');
    expect((await run('backup'))['directory']).toMatch(/\.ggen-backup-\d{8}-\d{6}$/u);
  });

  it.each(['image', 'json'])('restores from %s, and over existing rows only with --force', async (from) => {
    const target = ['--db', at(`restored-${from}.db`)];
    expect(await run('restore', 'backup', '--from', from, ...target)).toMatchObject({
      from,
      receipts: 3,
      memories: 1,
    });
    expect(await sandbox.db('get-memory', 'agent-1', ...target)).toBe('{"n": 1.0}\n');
    const refused = await sandbox.run(['db', 'restore', 'backup', ...target]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('error[ALREADY_EXISTS]');
    await sandbox.db('save-memory', 'agent-1', 'validation', '"changed"', ...target);
    await run('restore', 'backup', '--force', ...target);
    expect(await sandbox.db('get-memory', 'agent-1', ...target)).toBe('{"n": 1.0}\n');
    expect(await run('verify', ...target)).toMatchObject({ ok: true, receipts_verified: 3 });
  });

  it('refuses a damaged backup and leaves the database unchanged', async () => {
    await sandbox.db('backup', 'damaged');
    writeFileSync(at('damaged', 'receipts.json'), '[]');
    const before = readFileSync(sandbox.databasePath);
    const { exitCode, stderr } = await sandbox.run(['db', 'restore', 'damaged', '--force']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error[BACKUP_INVALID]');
    expect(readFileSync(sandbox.databasePath).equals(before)).toBe(true);
  });

  it('backs up an empty database', async () => {
    await sandbox.db('backup', 'empty', '--create', '--db', at('empty.db'));
    for (const name of ['receipts.json', 'agent_memory.json', 'audit_log.json']) {
      expect(parseRows(readFileSync(at('empty', name), 'utf8'))).toEqual([]);
    }
  });
});

describe('cleanup', () => {
  it('deletes old rows but never memory; --dry-run only counts', async () => {
    native(`UPDATE receipts SET created_at = datetime('now', '-100 days') WHERE execution_id = 'one';
            UPDATE audit_log SET timestamp = datetime('now', '-40 days');
            UPDATE agent_memory SET last_updated = datetime('now', '-1000 days')`);
    const counts = { receipts_deleted: 1, audit_entries_deleted: 1 };
    expect(await run('cleanup', '30', '--dry-run')).toMatchObject({ dry_run: true, days: 30, ...counts });
    expect(native('SELECT count(*) FROM receipts')).toBe('3');
    expect(await run('cleanup')).toMatchObject({
      dry_run: false,
      days: 90,
      receipts_deleted: 1,
      audit_entries_deleted: 0,
    });
    expect(await run('cleanup', '30')).toMatchObject({ receipts_deleted: 0, audit_entries_deleted: 1 });
    expect(native('SELECT count(*) FROM receipts')).toBe('2');
    expect(native('SELECT count(*) FROM agent_memory')).toBe('1');
    expect(native('PRAGMA freelist_count')).toBe('0');
  });

  it('vacuums on request or where it is worth it, and page by page afterwards', async () => {
    const target = at('large.db');
    await sandbox.db('init', '--db', target);
    const fill = (agent: string, days: number): string =>
      native(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO audit_log (audit_id, agent_id, operation, status, details, timestamp)
         SELECT '${agent}' || i, '${agent}', 'op', 'completed', printf('%.*c', 20000, 'x'),
           datetime('now', '-${days} days') FROM n`,
        target,
      );
    fill('kept', 1);
    fill('old-', 100);
    const cleanUp = async (...options: string[]): Promise<Record<string, number>> =>
      JSON.parse(await sandbox.db('cleanup', '90', ...options, '--db', target)) as Record<string, number>;
    const kept = await cleanUp('--no-vacuum');
    expect(kept).toMatchObject({ audit_entries_deleted: 500 });
    // The file grows by the change log's entries of the rows that another program inserted.
    expect(kept['size_after_bytes']).toBeGreaterThanOrEqual(kept['size_before_bytes'] ?? 0);
    expect(kept['free_bytes']).toBeGreaterThan(9_000_000);
    // Half of the file is free.
    const vacuumed = await cleanUp();
    expect(vacuumed['free_bytes']).toBe(0);
    expect(vacuumed['size_after_bytes']).toBeLessThan(11_500_000);
    expect(native('PRAGMA auto_vacuum', target)).toBe('2');
    const counter = (): number => readFileSync(target).readUInt32BE(24);
    const before = counter();
    expect(await cleanUp()).toMatchObject({ size_after_bytes: vacuumed['size_after_bytes'] });
    // An empty transaction changes nothing, and there is nothing to give back.
    expect(counter()).toBe(before);
    fill('new-', 100);
    const stepwise = await cleanUp();
    expect(stepwise).toMatchObject({ audit_entries_deleted: 500, free_bytes: 0 });
    expect(stepwise['size_after_bytes']).toBeLessThan(11_500_000);
    // One transaction deletes, and each step commits on its own.
    expect(counter()).toBeGreaterThan(before + 2);
    expect(await cleanUp('--vacuum')).toMatchObject({ audit_entries_deleted: 0 });
    expect(native('PRAGMA integrity_check', target)).toBe('ok');
  });
});

describe('verify', () => {
  it('prints every bad row and exits with 1', async () => {
    const target = at('tampered.db');
    for (const id of ['a', 'b', 'c'])
      await sandbox.db('save-receipt', id, 'agent', 'validation', `{"id":"${id}"}`, '--db', target);
    native(`UPDATE receipts SET receipt_json = '{"id":"x"}' WHERE execution_id <> 'a'`, target);
    const { exitCode, stdout, stderr } = await sandbox.run(['db', 'verify', '--db', target]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      problem_count: 4,
      problems: [
        { check: 'receipt', row: 'receipts 2' },
        { check: 'receipt', row: 'receipts 3' },
        { check: 'history', row: 'receipts 2' },
        { check: 'history', row: 'receipts 3' },
      ],
    });
    const command =
      /^error\[CORRUPT\]: receipt \(receipts 2\): .* 3 more in the report\. The row is kept as it is\. Look at it: (.*)\.\n$/u;
    const look = command.exec(stderr)?.[1] ?? '';
    expect(execFileSync('bash', ['-c', look], { encoding: 'utf8' })).toContain('|{"id":"x"}|');

    native('UPDATE receipts SET receipt_json = \'{"id":"b"}\' WHERE execution_id = \'b\'', target);
    native(
      'UPDATE receipts SET receipt_json = \'{"id":"c"}\', updated_at = NULL WHERE execution_id = \'c\'',
      target,
    );
    expect((await sandbox.run(['db', 'verify', '--db', target])).stderr).toContain(
      'receipt (receipts 3): updated_at is NULL, which is not a time. 1 more in the report. The row is kept',
    );
    native('UPDATE receipts SET updated_at = created_at; DROP INDEX idx_receipts_status', target);
    expect((await sandbox.run(['db', 'verify', '--db', target])).stderr).toContain(
      'The rows are not affected.',
    );
    await sandbox.db('backup', 'of-tampered', '--db', target);
    const copy = ['--db', at('copy.db')];
    await sandbox.db('restore', 'of-tampered', '--from', 'json', ...copy);
    expect(await run('verify', ...copy)).toMatchObject({ ok: true, receipts_verified: 3 });
  });

  it('leaves a file that is not a database unchanged', async () => {
    writeFileSync(
      at('text.db'),
      'This is not a database, but it is long enough to have the header of one.\n'.repeat(20),
    );
    const before = readFileSync(at('text.db'), 'utf8');
    const { exitCode, stdout, stderr } = await sandbox.run(['db', 'verify', '--db', at('text.db')]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('error[NOT_A_DATABASE]');
    expect(readFileSync(at('text.db'), 'utf8')).toBe(before);
  });
});

describe('db test', () => {
  it("leaves the user's database unchanged and no files behind", async () => {
    const before = readFileSync(sandbox.databasePath);
    const environment = { TMPDIR: at('tmp') };
    execFileSync('mkdir', [at('tmp')]);
    expect((await sandbox.run(['db', 'test'], { environment })).exitCode).toBe(0);
    expect(readFileSync(sandbox.databasePath).equals(before)).toBe(true);
    expect(readdirSync(at('tmp'))).toEqual([]);
  });
});

describe('reset', () => {
  it('deletes everything with --force', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run(['db', 'reset', '--force']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toBe(`Deleted everything in ${sandbox.databasePath}\n`);
    expect(await run('stats')).toMatchObject({ receipts_total: 0, agents_tracked: 0, audit_entries: 0 });
    expect(existsSync(`${sandbox.databasePath}-wal`)).toBe(false);
  });
});
