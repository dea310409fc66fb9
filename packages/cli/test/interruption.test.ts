/** Signals: the process exits with 128 and the signal's number, and leaves no partial files. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasFileOpen, Sandbox, type Finished } from './run-cli.ts';

const sandbox = new Sandbox();

/** Number of rows, large enough that every long operation is still running when the signal arrives. */
const ROW_COUNT = 300_000;

beforeAll(async () => {
  await sandbox.db('init');
  const sql = `
    INSERT INTO audit_log (audit_id, agent_id, operation, status, duration_ms, details)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROW_COUNT})
    SELECT 'a' || i, 'agent-1', 'operation', 'completed', i % 100, printf('%.100c', 'x') FROM n`;
  execFileSync('sqlite3', [sandbox.databasePath, sql]);
});

/** Sends a signal as soon as `hasStarted` is true. */
function interruptWhen(hasStarted: (child: ChildProcess) => boolean, signal: NodeJS.Signals = 'SIGINT') {
  return (child: ChildProcess): void => {
    void (async () => {
      while (child.exitCode === null && !hasStarted(child)) await pause(2);
      child.kill(signal);
    })();
  };
}

const hasDatabaseOpen = (child: ChildProcess): boolean => hasFileOpen(child, sandbox.databasePath);

const entries = (): string[] => readdirSync(sandbox.directory).toSorted();
const partialExists = (): boolean => entries().some((name) => name.includes('partial'));

async function expectNoTrace(finished: Finished): Promise<void> {
  expect(finished.stderr).toBe('error[ABORTED]: Interrupted; nothing half-written remains.\n');
  expect(entries()).toEqual(['workspace']);
  expect(
    readdirSync(join(sandbox.directory, 'workspace', '.ggen')).filter((name) => name.includes('partial')),
  ).toEqual([]);
  expect(JSON.parse(await sandbox.db('stats'))).toMatchObject({ audit_entries: ROW_COUNT });
}

describe('Ctrl-C', () => {
  it('stops a backup', async () => {
    const whileRunning = interruptWhen(partialExists);
    const finished = await sandbox.runProcess(['db', 'backup', 'backup'], { whileRunning });
    expect(finished).toMatchObject({ exitCode: 130, stdout: '' });
    await expectNoTrace(finished);
  });

  it('stops a restore to a new database, and leaves no file or folder of it', async () => {
    await sandbox.dbProcess('backup', 'backup');
    const isRestoring = (): boolean =>
      existsSync(join(sandbox.directory, 'new')) && readdirSync(join(sandbox.directory, 'new')).length > 1;
    const whileRunning = interruptWhen(isRestoring);
    const words = ['db', 'restore', 'backup', '--db', join('new', 'deep.db')];
    const finished = await sandbox.runProcess(words, { whileRunning });
    expect(finished).toMatchObject({ exitCode: 130, stdout: '' });
    expect(finished.stderr).toContain('error[ABORTED]: Interrupted; nothing half-written remains');
    rmSync(join(sandbox.directory, 'backup'), { recursive: true });
    await expectNoTrace(finished);
  });

  it.each([
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('%s stops a backup', async (signal, exitCode) => {
    const whileRunning = interruptWhen(partialExists, signal);
    const finished = await sandbox.runProcess(['db', 'backup', 'backup'], { whileRunning });
    expect(finished).toMatchObject({ exitCode, stdout: '' });
    await expectNoTrace(finished);
  });

  it('SIGKILL leaves partial outputs, which the next output removes; one that is being written stays', async () => {
    for (const [output, ...words] of [
      ['.killed.', 'db', 'backup', 'killed'],
      ['.killed.json.', 'db', 'export-audit-trail', 'json', 'killed.json'],
    ]) {
      const isWriting = (): boolean =>
        entries().some((name) => name.replace(/[0-9a-f]{12}/u, '') === `${output}.partial`);
      const { exitCode } = await sandbox.runProcess(words, {
        whileRunning: interruptWhen(isWriting, 'SIGKILL'),
      });
      expect(exitCode).toBe(null);
      expect(entries().map((name) => name.replace(/[0-9a-f]{12}/u, ''))).toEqual([
        `${output}.partial`,
        `${output}.partial-lock`,
        'workspace',
      ]);
    }
    const isWriting = (): boolean => entries().some((name) => /^\.stopped\..*\.partial$/u.test(name));
    let whileWriting: string[] = [];
    const stopped = sandbox.runProcess(['db', 'backup', 'stopped'], {
      whileRunning: (child) =>
        void (async () => {
          while (!isWriting()) await pause(2);
          child.kill('SIGSTOP');
          await sandbox.db('export-audit-trail', 'json', 'done.json', '--agent', 'nobody');
          whileWriting = entries();
          child.kill('SIGCONT');
        })(),
    });
    expect(await stopped).toMatchObject({ exitCode: 0 });
    expect(whileWriting.map((name) => name.replace(/[0-9a-f]{12}/u, ''))).toEqual([
      '.stopped..partial',
      '.stopped..partial-lock',
      'done.json',
      'workspace',
    ]);
    expect(entries()).toEqual(['done.json', 'stopped', 'workspace']);
    rmSync(join(sandbox.directory, 'stopped'), { recursive: true });
    rmSync(join(sandbox.directory, 'done.json'));
  });

  it('stops an export, as does SIGTERM', async () => {
    const words = ['db', 'export-audit-trail', 'json', 'export.json'];
    const interrupted = await sandbox.runProcess(words, { whileRunning: interruptWhen(partialExists) });
    expect(interrupted).toMatchObject({ exitCode: 130, stdout: '' });
    await expectNoTrace(interrupted);
    const terminated = await sandbox.runProcess(words, {
      whileRunning: interruptWhen(partialExists, 'SIGTERM'),
    });
    expect(terminated).toMatchObject({ exitCode: 143, stdout: '' });
    await expectNoTrace(terminated);
  });

  it('stops a restore', async () => {
    await sandbox.dbProcess('backup', 'backup');
    const target = join(sandbox.directory, 'restored', 'ggen.db');
    const whileRunning = interruptWhen(() => entries().includes('restored'));
    const finished = await sandbox.runProcess(['db', 'restore', 'backup', '--from', 'json', '--db', target], {
      whileRunning,
    });
    expect(finished).toMatchObject({ exitCode: 130, stdout: '' });
    expect(JSON.parse(await sandbox.db('stats', '--db', target))).toMatchObject({ audit_entries: 0 });
    expect(
      readdirSync(join(sandbox.directory, 'restored')).filter((name) => name.includes('partial')),
    ).toEqual([]);
  });

  it('ends the wait for a locked database', async () => {
    const holder = spawn('sqlite3', [sandbox.databasePath], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      holder.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      const words = ['db', 'save-memory', 'agent', 'validation', '1'];
      const finished = await sandbox.runProcess(words, {
        whileRunning: interruptWhen(hasDatabaseOpen),
      });
      expect(finished).toEqual({ exitCode: 130, stdout: '', stderr: '' });
    } finally {
      holder.stdin.end('ROLLBACK;\n');
      await new Promise((resolve) => holder.once('exit', resolve));
    }
    expect(JSON.parse(await sandbox.db('stats'))).toMatchObject({ agents_tracked: 0 });
  });
});
