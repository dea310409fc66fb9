/** Exports as files: complete or absent, private, and with the reason of a failure. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { text as streamText } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newExportTargetAt } from '../../src/exports/export-targets.node.ts';
import type { Persistence } from '../../src/index.ts';
import { auditOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { Children } from '../../../../tests/support/child-process.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';
import { namesIn, openFilled } from '../support/filled-database.ts';
import { createTestDatabase, nativeSqlite, type TestDatabase } from '../support/test-database.ts';

/** Opens a test's database with an audit trail that no pipe or terminal holds without a reader. */
async function openLarge(database: TestDatabase): Promise<Persistence> {
  const db = await database.open();
  await db.record({ audits: upTo(2000).map((n) => auditOf(`o-${n}`)) });
  return db;
}

describe('an export', () => {
  it('is complete or absent, has mode 0600, and follows a symlink', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    fs.symlinkSync('real.json', database.path('link.json'));
    const report = await db.exportAuditTrail({ output: database.path('link.json') });
    expect(report).toMatchObject({ path: database.path('link.json'), rows: 3 });
    expect(fs.lstatSync(database.path('link.json')).isSymbolicLink()).toBe(true);
    expect(fs.statSync(database.path('real.json')).size).toBe(report.bytes);
    expect(modeOf(database.path('real.json'))).toBe('600');
    expect(
      await rejectionOf(
        db.exportAuditTrail({ output: database.path('stopped.json'), signal: AbortSignal.abort() }),
      ),
    ).toMatchObject({
      code: 'ABORTED',
    });
    expect(await rejectionOf(db.exportAuditTrail({ output: database.folder }))).toMatchObject({
      code: 'IO_ERROR',
    });
    expect(namesIn(database)).toEqual(['ggen.db', 'link.json', 'real.json']);
  });

  it('reports why the caller’s stream failed', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const output = new WritableStream({ write: () => Promise.reject(new Error('the tape is torn')) });
    expect(await rejectionOf(db.exportAuditTrail({ output }))).toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringMatching(/the tape is torn/),
    });
  });
});

describe('an output that would replace a database', () => {
  it('is INVALID_ARGUMENT by path, link or inode, and nothing changes', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const other = database.path('other.db');
    nativeSqlite(other, 'CREATE TABLE t(x)');
    fs.symlinkSync('ggen.db', database.path('symlink'));
    fs.linkSync(database.file, database.path('hard-link'));
    fs.symlinkSync('ggen.db-wal', database.path('link-to-nothing'));
    fs.mkdirSync(database.path('folder'));
    fs.symlinkSync('..', database.path('folder', 'up'));
    const before = [database.file, other].map((file) => fs.readFileSync(file));
    const names = namesIn(database);
    const outputs = [
      'ggen.db',
      'ggen.db-journal',
      'ggen.db-wal',
      'ggen.db-shm',
      'ggen.db-wal/new.json',
      'symlink',
      'hard-link',
      'link-to-nothing',
      'folder/up/ggen.db',
      'other.db',
      'other.db-journal',
    ].map((name) => database.path(name));
    const descriptor = fs.openSync(database.file, 'r+');
    for (const output of [...outputs, `/dev/fd/${descriptor}`]) {
      const failures = [
        await rejectionOf(db.exportAuditTrail({ output })),
        await rejectionOf(db.exportBackup({ directory: output })),
      ];
      for (const failure of failures) {
        expect([output, failure]).toMatchObject([output, { code: 'INVALID_ARGUMENT' }]);
      }
    }
    fs.closeSync(descriptor);
    expect(namesIn(database)).toEqual(names);
    expect([database.file, other].map((file) => fs.readFileSync(file))).toEqual(before);
    expect((await db.stats()).receiptsTotal).toBe(20);
  });

  it('is refused too when the database was made during the export', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    await db.record({ audits: upTo(1000).map((n) => auditOf(`o-${n}`)) });
    const output = database.path('new.db');
    const onProgress = (): void => void nativeSqlite(output, 'CREATE TABLE t(x)');
    expect(await rejectionOf(db.exportAuditTrail({ output, onProgress }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(nativeSqlite(output, '.tables')).toBe('t');
    expect(namesIn(database)).toEqual(['ggen.db', 'new.db']);
  });
});

it('a default name that cannot be given to the complete file is not taken by an empty one', async () => {
  const database = createTestDatabase();
  // What a process leaves that is killed before it has locked its lock file; only Linux has locks.
  if (process.platform === 'linux') {
    fs.writeFileSync(database.path('.killed.json.0123456789ab.partial-lock.new'), '');
  }
  const target = newExportTargetAt('exportAuditTrail', database.path('export'), '.json');
  await (await target.open(undefined)).close();
  for (const name of namesIn(database)) {
    if (name.endsWith('.partial')) fs.rmSync(database.path(name));
  }
  await expect(target.finish()).rejects.toMatchObject({ code: 'ENOENT' });
  await target.discard();
  expect(namesIn(database)).toEqual([]);
});

describe('an output that is not a regular file is written through', () => {
  /** Root could replace the machine's own device, so root gets one of its own. */
  function device(database: TestDatabase, name: string, minor: number): string {
    if (process.getuid?.() !== 0) return `/dev/${name}`;
    execFileSync('mknod', [database.path(name), 'c', '1', String(minor)]);
    return database.path(name);
  }

  it('devices: the full one fails, and both stay devices', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const [discarding, full] = [device(database, 'null', 3), device(database, 'full', 7)];
    expect(await db.exportAuditTrail({ output: discarding })).toMatchObject({ path: discarding, rows: 3 });
    expect(await rejectionOf(db.exportAuditTrail({ output: full }))).toMatchObject({ code: 'DISK_FULL' });
    for (const path of [discarding, full]) expect(fs.statSync(path).isCharacterDevice()).toBe(true);
  });

  it('a named pipe, also through a link: its reader gets every row; without a reader an abort ends the wait', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const pipe = database.path('pipe');
    execFileSync('mkfifo', [pipe]);
    fs.symlinkSync('pipe', database.path('link'));
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [report, text] = await Promise.all([
      db.exportAuditTrail({ output: database.path('link') }),
      streamText(reader.stdout),
    ]);
    expect(text.length).toBe(report.bytes);
    expect(JSON.parse(text)).toHaveLength(3);
    expect(fs.statSync(pipe).isFIFO()).toBe(true);
    const aborting = new AbortController();
    const waiting = rejectionOf(db.exportAuditTrail({ output: pipe, signal: aborting.signal }));
    aborting.abort();
    expect(await waiting).toMatchObject({ code: 'ABORTED' });
  });

  it('an abort ends the wait for a reader that takes nothing, of a named pipe and of an open descriptor', async () => {
    const database = createTestDatabase();
    const db = await openLarge(database);
    const pipe = database.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = fs.openSync(pipe, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const hasData = (): boolean => {
      try {
        return fs.readSync(reader, Buffer.alloc(1)) === 1;
      } catch {
        return false;
      }
    };
    for (const output of [pipe, `/dev/fd/${reader}`]) {
      const stop = new AbortController();
      const exporting = rejectionOf(db.exportAuditTrail({ output, signal: stop.signal }));
      await expect.poll(hasData).toBe(true);
      for (const _step of upTo(5)) await db.stats();
      stop.abort('enough');
      const error = await exporting;
      expect(error).toMatchObject({ code: 'ABORTED', cause: 'enough' });
      while (hasData());
    }
    fs.closeSync(reader);
  });

  it('an open descriptor: a file keeps what it holds', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const file = database.path('appended.ndjson');
    fs.writeFileSync(file, 'before\n');
    const descriptor = fs.openSync(file, 'a');
    const { ino } = fs.statSync(file);
    await db.exportAuditTrail({ output: `/proc/self/fd/${descriptor}`, format: 'ndjson' });
    await db.exportAuditTrail({ output: `/dev/fd/${descriptor}`, format: 'ndjson' });
    fs.closeSync(descriptor);
    expect(fs.readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(7);
    expect(fs.statSync(file).ino).toBe(ino);
  });

  it('an open descriptor of a pipe that does not wait: a slow reader gets every row, and it stays open', async () => {
    const database = createTestDatabase();
    const db = await openLarge(database);
    const pipe = database.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const descriptor = fs.openSync(pipe, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const exporting = db.exportAuditTrail({ output: `/dev/fd/${descriptor}` });
    await db.stats();
    const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    const reading = streamText(reader.stdout);
    const { bytes } = await exporting;
    fs.writeSync(descriptor, 'still open');
    fs.closeSync(descriptor);
    const text = await reading;
    expect(JSON.parse(text.slice(0, bytes))).toHaveLength(2000);
    expect(text.slice(bytes)).toBe('still open');
  });

  it('a terminal with a slow reader: it gets every row', async () => {
    const database = createTestDatabase();
    const db = await openLarge(database);
    const terminal = spawn('script', ['-qec', 'stty -opost; tty; read ended', '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [first] = (await once(terminal.stdout, 'data')) as [Buffer];
    terminal.stdout.pause();
    const exporting = db.exportAuditTrail({ output: first.toString().trim() });
    await db.stats();
    const reading = streamText(terminal.stdout);
    const { bytes } = await exporting;
    terminal.stdin.end('\n');
    expect((await reading).trim()).toHaveLength(bytes - 1);
  });

  it('the standard output: a reader that goes away is an IO_ERROR and does not end the process', async () => {
    const database = createTestDatabase();
    await (await openLarge(database)).close();
    const children = await Children.bundle([join(import.meta.dirname, '../children/export-to-stdout.ts')]);
    onTestFinished(() => children.remove());
    const script = children.script('export-to-stdout');
    const command = `"${process.execPath}" "${script}" "${database.file}" | head -c 10`;
    const [output, report] = await Promise.all(
      (({ stdout, stderr }) => [streamText(stdout), streamText(stderr)])(spawn('sh', ['-c', command])),
    );
    expect(output).toHaveLength(10);
    expect(JSON.parse(report ?? '')).toEqual({ name: 'PersistenceError', code: 'IO_ERROR', listeners: 0 });
  });
});
