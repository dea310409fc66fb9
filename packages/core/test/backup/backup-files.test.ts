/** Backups and exports as files: whole or not there, never over what exists, and trusted only as far as they check out. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPrivateFile } from '../../src/exports/export-targets.node.ts';
import { readRowLines } from '../../src/backup/row-lines.ts';
import type { BackupManifest, Persistence, PersistenceError } from '../../src/index.ts';
import { auditOf, memoryOf, receiptOf, rejectionOf, upTo } from '../../src/testing/persistence-case.ts';
import { type TestDatabase, createTestDatabase, nativeSqlite } from '../support/test-database.ts';
import { modeOf } from '../support/file-state.ts';

const FILES = ['agent_memory.json', 'audit_log.json', 'ggen.db', 'manifest.json', 'receipts.json'];

const ANY_FILE = { bytes: 1, sha256: '0'.repeat(64) };

async function filled(place: TestDatabase): Promise<Persistence> {
  const db = await place.open();
  await db.record({
    receipts: upTo(20).map((n) => receiptOf(`e-${n}`)),
    memories: [memoryOf('m')],
    audits: upTo(3).map((n) => auditOf(`o-${n}`)),
  });
  return db;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What is in the folder, beside the journal of the open database. */
const namesIn = (place: TestDatabase): string[] =>
  fs
    .readdirSync(place.folder)
    .filter((name) => name !== 'ggen.db-journal')
    .toSorted();

/** Changes files of a backup and makes the manifest agree with them. */
function forge(
  folder: string,
  change: (manifest: BackupManifest & { files: { name: string }[] }) => void,
): void {
  const file = path.join(folder, 'manifest.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as BackupManifest;
  change(manifest as never);
  for (const entry of manifest.files as unknown as { name: string; bytes: number; sha256: string }[]) {
    const name = path.join(folder, entry?.name ?? '');
    if (!entry || !fs.existsSync(name)) continue;
    const bytes = fs.readFileSync(name);
    Object.assign(entry, { bytes: bytes.length, sha256: sha256(bytes) });
  }
  fs.writeFileSync(file, JSON.stringify(manifest));
}

describe('a backup', () => {
  it('is five files that agree, 0600 in a folder 0700, readable by native SQLite', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    const directory = place.path('deep', 'backup');
    const { manifest } = await db.exportBackup({ directory });
    expect(fs.readdirSync(directory).toSorted()).toEqual(FILES);
    for (const folder of [directory, path.dirname(directory)]) expect(modeOf(folder)).toBe('700');
    for (const name of FILES) expect(modeOf(path.join(directory, name))).toBe('600');
    for (const { name, bytes, sha256: sum } of manifest.files) {
      const content = fs.readFileSync(path.join(directory, name));
      expect([name, content.length, sha256(content)]).toEqual([name, bytes, sum]);
    }
    expect(
      nativeSqlite(
        path.join(directory, 'ggen.db'),
        'SELECT count(*) FROM receipts',
        'PRAGMA integrity_check',
      ),
    ).toBe('20\nok');
    const rows = JSON.parse(fs.readFileSync(path.join(directory, 'receipts.json'), 'utf8')) as Record<
      string,
      unknown
    >[];
    expect(rows[0]).toMatchObject({ execution_id: 'e-0', receipt_json: '{"ok":true}', duration_ms: 0 });
  });

  it('goes nowhere but where it was told to: no link in its place is followed out of a folder, no name guessed', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    fs.mkdirSync(place.path('victim'));
    fs.writeFileSync(place.path('victim', 'precious'), 'keep');
    fs.symlinkSync('victim', place.path('backup'));
    expect(await rejectionOf(db.exportBackup({ directory: place.path('backup') }))).toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(fs.readdirSync(place.path('victim'))).toEqual(['precious']);
    // Two backups at once never meet, whatever their names: the folder they are made in is one of their own.
    const seen = new Set<string>();
    const onProgress = (): void => {
      for (const name of fs.readdirSync(place.folder)) if (name.endsWith('.partial')) seen.add(name);
    };
    await db.exportBackup({ directory: place.path('one'), onProgress });
    await db.exportBackup({ directory: place.path('two'), onProgress });
    expect(seen.size).toBe(2);
    for (const name of seen) expect(name).toMatch(/^\.(?:one|two)\.[0-9a-f]{12}\.partial$/);
  });

  it('does not write into a file that has its unfinished one\u2019s name already', () => {
    const folder = createTestDatabase().folder;
    const victim = path.join(folder, 'victim');
    fs.writeFileSync(victim, 'keep');
    fs.symlinkSync('victim', path.join(folder, 'guessed'));
    expect(() => createPrivateFile(path.join(folder, 'guessed'))).toThrow(/EEXIST/);
    expect(() => createPrivateFile(victim)).toThrow(/EEXIST/);
    expect(fs.readFileSync(victim, 'utf8')).toBe('keep');
  });

  it('never overwrites: not a backup, not a folder with anything in it, not a file', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    const directory = place.path('backup');
    await db.exportBackup({ directory });
    const before = FILES.map((name) => fs.readFileSync(path.join(directory, name), 'latin1'));
    fs.mkdirSync(place.path('occupied'));
    fs.writeFileSync(place.path('occupied', 'note'), 'keep');
    fs.writeFileSync(place.path('file'), 'keep');
    for (const taken of ['backup', 'occupied', 'file']) {
      expect(await rejectionOf(db.exportBackup({ directory: place.path(taken) }))).toMatchObject({
        code: 'ALREADY_EXISTS',
      });
    }
    expect(FILES.map((name) => fs.readFileSync(path.join(directory, name), 'latin1'))).toEqual(before);
    expect(fs.readFileSync(place.path('file'), 'utf8')).toBe('keep');
    fs.mkdirSync(place.path('empty'));
    await db.exportBackup({ directory: place.path('empty') });
    expect(namesIn(place)).toEqual(['backup', 'empty', 'file', 'ggen.db', 'occupied']);
  });

  it('stopped in the middle leaves nothing', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    const stages = new Set<string>();
    await db.exportBackup({
      directory: place.path('whole'),
      onProgress: ({ stage }) => void stages.add(stage),
    });
    expect(stages.size).toBeGreaterThan(3);
    for (const stopAt of stages) {
      const stop = new AbortController();
      const onProgress = ({ stage }: { stage: string }): void => {
        if (stage === stopAt) stop.abort();
      };
      const stopped = db.exportBackup({ directory: place.path('stopped'), signal: stop.signal, onProgress });
      expect(await rejectionOf(stopped)).toMatchObject({ code: 'ABORTED' });
      expect(namesIn(place)).toEqual(['ggen.db', 'whole']);
    }
    await db.saveReceipt(receiptOf('after'));
  });

  it('holds one state, and writers that come meanwhile lose nothing', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    const other = await place.open();
    const saves: Promise<unknown>[] = [];
    const { manifest } = await db.exportBackup({
      directory: place.path('backup'),
      onProgress: () => {
        saves.push(
          db.saveReceipt(receiptOf(`ours-${saves.length}`)),
          other.saveReceipt(receiptOf(`theirs-${saves.length}`)),
        );
      },
    });
    await Promise.all(saves);
    expect(saves.length).toBeGreaterThan(6);
    expect((await db.stats()).receiptsTotal).toBe(20 + saves.length);
    expect(manifest.files[0]?.rows).toBe(20);
    expect(nativeSqlite(place.path('backup', 'ggen.db'), 'SELECT count(*) FROM receipts')).toBe('20');
  });
});

type Forgery = [string, (folder: string) => void, string, RegExp];

describe('a restore trusts nothing', () => {
  const cases: Forgery[] = [
    [
      'a path that leads out of the folder',
      (folder) => forge(folder, ({ files }) => void files.push({ ...ANY_FILE, name: '../outside' })),
      'BACKUP_INVALID',
      /plain file name/,
    ],
    [
      'an absolute path',
      (folder) => forge(folder, ({ files }) => void files.push({ ...ANY_FILE, name: '/etc/passwd' })),
      'BACKUP_INVALID',
      /plain file name/,
    ],
    [
      'a symlink in place of a file',
      (folder) => {
        fs.renameSync(path.join(folder, 'receipts.json'), path.join(folder, '..', 'elsewhere.json'));
        fs.symlinkSync('../elsewhere.json', path.join(folder, 'receipts.json'));
      },
      'BACKUP_INVALID',
      /not a regular file/,
    ],
    [
      'a folder in place of a file',
      (folder) => {
        fs.rmSync(path.join(folder, 'ggen.db'));
        fs.mkdirSync(path.join(folder, 'ggen.db'));
      },
      'BACKUP_INVALID',
      /not a regular file/,
    ],
    [
      'a manifest that is no JSON',
      (folder) => fs.writeFileSync(path.join(folder, 'manifest.json'), 'nope'),
      'BACKUP_INVALID',
      /not JSON/,
    ],
    [
      'a manifest that is null',
      (folder) => fs.writeFileSync(path.join(folder, 'manifest.json'), 'null'),
      'BACKUP_INVALID',
      /is not of a backup format/,
    ],
    [
      'a manifest with a null file',
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { files: [null] })),
      'BACKUP_INVALID',
      /lists no files/,
    ],
    [
      'a named pipe in place of a file, which nobody waits for',
      (folder) => {
        fs.rmSync(path.join(folder, 'receipts.json'));
        execFileSync('mkfifo', [path.join(folder, 'receipts.json')]);
      },
      'BACKUP_INVALID',
      /not a regular file/,
    ],
    [
      'a symlink in place of the manifest',
      (folder) => {
        fs.renameSync(path.join(folder, 'manifest.json'), path.join(folder, '..', 'elsewhere.json'));
        fs.symlinkSync('../elsewhere.json', path.join(folder, 'manifest.json'));
      },
      'BACKUP_INVALID',
      /not a regular file/,
    ],
    [
      'a manifest of many megabytes',
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { filler: 'x'.repeat(2_000_000) })),
      'BACKUP_INVALID',
      /more than/,
    ],
    [
      'a manifest that calls every receipt imported, those to come included',
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { importedReceipts: 1_000_000 })),
      'BACKUP_INVALID',
      /imported/,
    ],
    ...[{}, '20', -1, 0.5, null].map((importedReceipts): Forgery => [
      `imported receipts: ${JSON.stringify(importedReceipts)}`,
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { importedReceipts })),
      'BACKUP_INVALID',
      /imported/,
    ]),
    [
      'a schema version that cannot be told',
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { schemaVersion: { toString: 1 } })),
      'BACKUP_INVALID',
      /which program/,
    ],
    [
      'a program version that cannot be told',
      (folder) =>
        forge(folder, (manifest) =>
          Object.assign(manifest, { schemaVersion: 99, programVersion: { toString: 1 } }),
        ),
      'BACKUP_INVALID',
      /which program/,
    ],
    [
      'a newer schema',
      (folder) =>
        forge(folder, (manifest) => Object.assign(manifest, { schemaVersion: 99, programVersion: '9.9.9' })),
      'NEWER_SCHEMA',
      /99/,
    ],
    [
      'a newer format',
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { formatVersion: 2 })),
      'BACKUP_INVALID',
      /is not of a backup format/,
    ],
  ];

  it.for(cases)('%s', async ([, damage, code, message]) => {
    const place = createTestDatabase();
    const db = await filled(place);
    await db.exportBackup({ directory: place.path('backup') });
    const before = await db.queryReceipts();
    damage(place.path('backup'));
    for (const from of ['image', 'json'] as const) {
      const error = await rejectionOf(
        db.restoreBackup({ directory: place.path('backup'), from, force: true }),
      );
      expect(error).toMatchObject({ name: 'PersistenceError', code });
      expect(error.message).toMatch(message);
    }
    expect(await db.queryReceipts()).toEqual(before);
  });

  const contents: [string, string, string][] = [
    ['no JSON', 'hello', 'BACKUP_INVALID'],
    ['a list that does not end', '[{"memory_id":"m"', 'BACKUP_INVALID'],
    ['a row without a column', '[{"memory_id":"m"}]\n', 'BACKUP_INVALID'],
    ['a row that is no object', '[7]\n', 'BACKUP_INVALID'],
    ['fewer rows than counted', '[]\n', 'BACKUP_INVALID'],
  ];

  it.for(contents)('a forged table: %s', async ([, content, code]) => {
    const place = createTestDatabase();
    const db = await filled(place);
    await db.exportBackup({ directory: place.path('backup') });
    fs.writeFileSync(place.path('backup', 'agent_memory.json'), content);
    forge(place.path('backup'), () => undefined);
    const error = await rejectionOf(
      db.restoreBackup({ directory: place.path('backup'), from: 'json', force: true }),
    );
    expect(error).toMatchObject({ name: 'PersistenceError', code });
    expect((await db.stats()).receiptsTotal).toBe(20);
  });

  it('a row that never ends is read in the time of its length', async () => {
    async function* kilobytes(): AsyncGenerator<Uint8Array> {
      const kilobyte = new TextEncoder().encode('x'.repeat(1024));
      for (let count = 0; count < 100_000; count++) yield kilobyte;
    }
    const read = async (): Promise<void> => {
      for await (const rows of readRowLines(kilobytes(), 'receipts.json')) expect(rows).toEqual([]);
    };
    expect(await rejectionOf(read())).toMatchObject({ code: 'BACKUP_INVALID' });
  });

  it('a row longer than any string is refused before it is held', async () => {
    async function* gigabytes(): AsyncGenerator<Uint8Array> {
      const megabytes = new TextEncoder().encode('x'.repeat(50_000_000));
      for (;;) yield megabytes;
    }
    const read = async (): Promise<void> => {
      for await (const rows of readRowLines(gigabytes(), 'receipts.json')) expect(rows).toEqual([]);
    };
    expect(await rejectionOf(read())).toMatchObject({ code: 'BACKUP_INVALID' });
  });

  it('a forged image is checked like any database', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    await db.exportBackup({ directory: place.path('backup') });
    const image = place.path('backup', 'ggen.db');
    fs.writeFileSync(image, 'no database at all, but as long as it takes to be one'.repeat(10));
    forge(place.path('backup'), () => undefined);
    const error = await rejectionOf(db.restoreBackup({ directory: place.path('backup'), force: true }));
    expect(error).toMatchObject({ name: 'PersistenceError', code: 'NOT_A_DATABASE' });
    expect((await db.stats()).receiptsTotal).toBe(20);
  });

  it('a folder that is not there, or holds no backup, is NOT_FOUND', async () => {
    const place = createTestDatabase();
    const db = await place.open();
    fs.mkdirSync(place.path('empty'));
    fs.writeFileSync(place.path('file'), '');
    fs.symlinkSync('loop', place.path('loop'));
    for (const name of ['missing', 'empty', 'file']) {
      expect(await rejectionOf(db.restoreBackup({ directory: place.path(name) }))).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    for (const call of [
      () => db.restoreBackup({ directory: place.path('loop') }),
      () => db.exportBackup({ directory: place.path('loop') }),
      () => db.exportAuditTrail({ output: place.path('loop') }),
      () => db.exportAuditTrail({ output: place.path('file', 'below') }),
      () => db.exportBackup({ directory: place.path('file', 'below') }),
    ]) {
      expect(await rejectionOf(call())).toMatchObject({ name: 'PersistenceError', code: 'IO_ERROR' });
    }
  });
});

describe('images of other makes', () => {
  async function theirImage(place: TestDatabase, pragma: string): Promise<Uint8Array> {
    const theirs = place.path('theirs.db');
    nativeSqlite(theirs, pragma, 'CREATE TABLE t(x)', "INSERT INTO t VALUES ('ünï')");
    const source = await place.open({ path: theirs });
    await source.saveReceipts(upTo(100).map((n) => receiptOf(`ü-${n}`)));
    await source.close();
    return fs.readFileSync(theirs);
  }

  async function importOver(db: Persistence, image: Uint8Array): Promise<string> {
    await db.reset();
    await db.saveReceipt(receiptOf('before'));
    const end = await db.importImage(image).then(
      () => 'imported',
      (error: PersistenceError) => error.code,
    );
    await db.saveReceipt(receiptOf('after'));
    expect((await db.verify()).ok).toBe(true);
    return `${end}: ${(await db.stats()).receiptsTotal}`;
  }

  it.for([
    ['PRAGMA page_size=4096', 'imported: 101', 'imported: 101'],
    ['PRAGMA page_size=1024', 'imported: 101', 'READ_ONLY: 2'],
    ['PRAGMA page_size=65536', 'imported: 101', 'READ_ONLY: 2'],
    ['PRAGMA auto_vacuum=FULL', 'imported: 101', 'imported: 101'],
    ["PRAGMA encoding='UTF-16le'", 'SCHEMA_MISMATCH: 2', 'SCHEMA_MISMATCH: 2'],
  ] as const)('%s', async ([pragma, shared, owned]) => {
    const place = createTestDatabase();
    const image = await theirImage(place, pragma);
    const db = await place.open();
    expect(await importOver(db, image)).toBe(shared);
    await db.close();
    const owner = await place.open({ path: place.path('own.db'), exclusive: true });
    expect(await importOver(owner, image)).toBe(owned);
  });
});

describe('an export', () => {
  it('is whole or not there, 0600, and a symlink is followed', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    fs.symlinkSync('real.json', place.path('link.json'));
    const report = await db.exportAuditTrail({ output: place.path('link.json') });
    expect(report).toMatchObject({ path: place.path('link.json'), rows: 3 });
    expect(fs.lstatSync(place.path('link.json')).isSymbolicLink()).toBe(true);
    expect(fs.statSync(place.path('real.json')).size).toBe(report.bytes);
    expect(modeOf(place.path('real.json'))).toBe('600');
    expect(
      await rejectionOf(
        db.exportAuditTrail({ output: place.path('stopped.json'), signal: AbortSignal.abort() }),
      ),
    ).toMatchObject({
      code: 'ABORTED',
    });
    expect(await rejectionOf(db.exportAuditTrail({ output: place.folder }))).toMatchObject({
      code: 'IO_ERROR',
    });
    expect(namesIn(place)).toEqual(['ggen.db', 'link.json', 'real.json']);
  });

  it('says why a stream of the caller’s failed', async () => {
    const place = createTestDatabase();
    const db = await filled(place);
    const output = new WritableStream({ write: () => Promise.reject(new Error('the tape is torn')) });
    expect(await rejectionOf(db.exportAuditTrail({ output }))).toMatchObject({
      code: 'IO_ERROR',
      message: expect.stringMatching(/the tape is torn/),
    });
  });
});
