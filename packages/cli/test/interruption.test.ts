/** Ctrl-C: the process ends with 130 and nothing half-written stays behind. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, type Finished } from './run-cli.ts';

const sandbox = new Sandbox();

/** Large enough that every long operation is still at work when the signal comes. */
const rowCount = 300_000;

beforeAll(async () => {
  await sandbox.db('init');
  const sql = `
    INSERT INTO audit_log (audit_id, agent_id, operation, status, duration_ms, details)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rowCount})
    SELECT 'a' || i, 'agent-1', 'operation', 'completed', i % 100, printf('%.100c', 'x') FROM n`;
  execFileSync('sqlite3', [sandbox.databasePath, sql]);
});

/** Sends a signal as soon as a sign of work is there. */
function interruptWhen(isAtWork: () => boolean, signal: NodeJS.Signals = 'SIGINT') {
  return (child: ChildProcess): void => {
    void (async () => {
      while (child.exitCode === null && !isAtWork()) await pause(2);
      child.kill(signal);
    })();
  };
}

const entries = (): string[] => readdirSync(sandbox.directory).toSorted();
const partialExists = (): boolean => entries().some((name) => name.includes('partial'));

async function expectUntouched(end: Finished): Promise<void> {
  expect(end.stderr).toMatch(/^error\[ABORTED\]: .*\n$/u);
  expect(entries()).toEqual(['workspace']);
  expect(
    readdirSync(join(sandbox.directory, 'workspace', '.ggen')).filter((name) => name.includes('partial')),
  ).toEqual([]);
  expect(JSON.parse(await sandbox.db('stats'))).toMatchObject({ audit_entries: rowCount });
}

describe('Ctrl-C', () => {
  it('during a backup', async () => {
    const whileRunning = interruptWhen(partialExists);
    const end = await sandbox.run(['db', 'backup', 'backup'], { whileRunning });
    expect(end).toMatchObject({ exitCode: 130, stdout: '' });
    await expectUntouched(end);
  });

  it('during an export, and a request to terminate', async () => {
    const words = ['db', 'export-audit-trail', 'json', 'export.json'];
    const interrupted = await sandbox.run(words, { whileRunning: interruptWhen(partialExists) });
    expect(interrupted).toMatchObject({ exitCode: 130, stdout: '' });
    await expectUntouched(interrupted);
    const terminated = await sandbox.run(words, { whileRunning: interruptWhen(partialExists, 'SIGTERM') });
    expect(terminated).toMatchObject({ exitCode: 143, stdout: '' });
    await expectUntouched(terminated);
  });

  it('during a restore', async () => {
    await sandbox.db('backup', 'backup');
    const target = join(sandbox.directory, 'restored', 'ggen.db');
    const whileRunning = interruptWhen(() => entries().includes('restored'));
    const end = await sandbox.run(['db', 'restore', 'backup', '--from', 'json', '--db', target], {
      whileRunning,
    });
    expect(end).toMatchObject({ exitCode: 130, stdout: '' });
    expect(JSON.parse(await sandbox.db('stats', '--db', target))).toMatchObject({ audit_entries: 0 });
    expect(
      readdirSync(join(sandbox.directory, 'restored')).filter((name) => name.includes('partial')),
    ).toEqual([]);
  });

  it('while another process holds the database', async () => {
    const holder = spawn('sqlite3', [sandbox.databasePath], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      holder.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      const started = Date.now();
      const words = ['db', 'save-memory', 'agent', 'validation', '1'];
      const end = await sandbox.run(words, {
        whileRunning: interruptWhen(() => Date.now() - started > 1500),
      });
      expect(end).toEqual({ exitCode: 130, stdout: '', stderr: '' });
    } finally {
      holder.stdin.end('ROLLBACK;\n');
      await new Promise((resolve) => holder.once('exit', resolve));
    }
    expect(JSON.parse(await sandbox.db('stats'))).toMatchObject({ agents_tracked: 0 });
  });
});
