/** Backups as files: complete or absent, never overwriting, and checked before they are restored. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TABLES } from '../../src/tables/index.ts';
import { createPrivateFile } from '../../src/exports/export-targets.node.ts';
import { readRowLines } from '../../src/backup/row-lines.ts';
import { auditOf, receiptOf, rejectionOf } from '../../src/testing/persistence-case.ts';
import { forge, sha256 } from '../support/forged-backup.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';
import { modeOf } from '../../../../tests/support/file-mode.ts';
import { namesIn, openFilled } from '../support/filled-database.ts';

const FILES = [
  ...TABLES.map(({ backupFile }) => backupFile),
  'change_log.json',
  'ggen.db',
  'manifest.json',
].toSorted();

const ANY_FILE = { bytes: 1, sha256: '0'.repeat(64) };

describe('a backup', () => {
  it('consists of consistent files of mode 0600 in a folder of mode 0700, readable by native SQLite', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const directory = database.path('deep', 'backup');
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

  it('follows no symlink to another folder, and uses a temporary name that cannot be guessed', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    fs.mkdirSync(database.path('victim'));
    fs.writeFileSync(database.path('victim', 'precious'), 'keep');
    fs.symlinkSync('victim', database.path('backup'));
    expect(await rejectionOf(db.exportBackup({ directory: database.path('backup') }))).toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect(fs.readdirSync(database.path('victim'))).toEqual(['precious']);
    // Two concurrent backups never share a temporary folder, whatever their names.
    const seen = new Set<string>();
    const onProgress = (): void => {
      for (const name of fs.readdirSync(database.folder)) if (name.endsWith('.partial')) seen.add(name);
    };
    await db.exportBackup({ directory: database.path('one'), onProgress });
    await db.exportBackup({ directory: database.path('two'), onProgress });
    expect(seen.size).toBe(2);
    for (const name of seen) expect(name).toMatch(/^\.(?:one|two)\.[0-9a-f]{12}\.partial$/);
  });

  it('does not write into an existing file with the temporary name', () => {
    const folder = createTestDatabase().folder;
    const victim = path.join(folder, 'victim');
    fs.writeFileSync(victim, 'keep');
    fs.symlinkSync('victim', path.join(folder, 'guessed'));
    expect(() => createPrivateFile(path.join(folder, 'guessed'))).toThrow(/EEXIST/);
    expect(() => createPrivateFile(victim)).toThrow(/EEXIST/);
    expect(fs.readFileSync(victim, 'utf8')).toBe('keep');
  });

  it('never overwrites a backup, a file or a folder that is not empty', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const directory = database.path('backup');
    await db.exportBackup({ directory });
    const before = FILES.map((name) => fs.readFileSync(path.join(directory, name), 'latin1'));
    fs.mkdirSync(database.path('occupied'));
    fs.writeFileSync(database.path('occupied', 'note'), 'keep');
    fs.writeFileSync(database.path('file'), 'keep');
    for (const taken of ['backup', 'occupied', 'file']) {
      const read: string[] = [];
      const onProgress = ({ stage }: { stage: string }): void => void read.push(stage);
      expect(
        await rejectionOf(db.exportBackup({ directory: database.path(taken), onProgress })),
      ).toMatchObject({ code: 'ALREADY_EXISTS' });
      // It is noticed before any row is read.
      expect(read).not.toContain('receipts');
    }
    expect(FILES.map((name) => fs.readFileSync(path.join(directory, name), 'latin1'))).toEqual(before);
    expect(fs.readFileSync(database.path('file'), 'utf8')).toBe('keep');
    fs.mkdirSync(database.path('empty'));
    await db.exportBackup({ directory: database.path('empty') });
    expect(namesIn(database)).toEqual(['backup', 'empty', 'file', 'ggen.db', 'occupied']);
  });

  it('leaves nothing when aborted half way', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const stages = new Set<string>();
    await db.exportBackup({
      directory: database.path('whole'),
      onProgress: ({ stage }) => void stages.add(stage),
    });
    expect(stages.size).toBeGreaterThan(3);
    for (const stopAt of stages) {
      const stop = new AbortController();
      const onProgress = ({ stage }: { stage: string }): void => {
        if (stage === stopAt) stop.abort();
      };
      const stopped = db.exportBackup({
        directory: database.path('stopped'),
        signal: stop.signal,
        onProgress,
      });
      expect(await rejectionOf(stopped)).toMatchObject({ code: 'ABORTED' });
      expect(namesIn(database)).toEqual(['ggen.db', 'whole']);
    }
    await db.saveReceipt(receiptOf('after'));
  });

  it('holds one state, and concurrent writers lose nothing', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    const other = await database.open();
    const saves: Promise<unknown>[] = [];
    const { manifest } = await db.exportBackup({
      directory: database.path('backup'),
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
    expect(nativeSqlite(database.path('backup', 'ggen.db'), 'SELECT count(*) FROM receipts')).toBe('20');
  });
});

type Forgery = [string, (folder: string) => void, string, RegExp];

describe('a restore refuses', () => {
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
      'a manifest that is not JSON',
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
      'a named pipe in place of a file, without waiting for its writer',
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
      'a manifest that counts more imported receipts than receipts, so that later forged ones would pass',
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
      'a schema version that is not a number',
      (folder) => forge(folder, (manifest) => Object.assign(manifest, { schemaVersion: { toString: 1 } })),
      'BACKUP_INVALID',
      /which program/,
    ],
    [
      'a program version that is not a text',
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
    const database = createTestDatabase();
    const db = await openFilled(database);
    await db.exportBackup({ directory: database.path('backup') });
    const before = await db.queryReceipts();
    damage(database.path('backup'));
    for (const from of ['image', 'json'] as const) {
      const error = await rejectionOf(
        db.restoreBackup({ directory: database.path('backup'), from, force: true }),
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
    const database = createTestDatabase();
    const db = await openFilled(database);
    await db.exportBackup({ directory: database.path('backup') });
    fs.writeFileSync(database.path('backup', 'agent_memory.json'), content);
    forge(database.path('backup'), () => undefined);
    const error = await rejectionOf(
      db.restoreBackup({ directory: database.path('backup'), from: 'json', force: true }),
    );
    expect(error).toMatchObject({ name: 'PersistenceError', code });
    expect((await db.stats()).receiptsTotal).toBe(20);
  });

  const forgeries = [
    [
      'receipts',
      "UPDATE receipts SET receipt_json = '{}' WHERE rowid = 7",
      /receipts 7 is invalid: receipt_id is/,
    ],
    ['receipts', "UPDATE receipts SET created_at = 'evil' WHERE rowid = 7", /created_at is "evil"/],
    ['agent_memory', "UPDATE agent_memory SET memory_json = '{'", /Invalid JSON in memory/],
    [
      'audit_log',
      "UPDATE audit_log SET status = 'perhaps' WHERE rowid = 1",
      /audit_log 1 is invalid: status is "perhaps"/,
    ],
  ] as const;

  it('forged rows under a manifest that fits them, before anything is written', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    await db.logAudit(auditOf('o'));
    await db.exportBackup({ directory: database.path('backup') });
    const counter = (): number => fs.readFileSync(database.file).readUInt32BE(24);
    for (const [index, [table, sql, message]] of forgeries.entries()) {
      const directory = database.path(`forged-${index}`);
      fs.cpSync(database.path('backup'), directory, { recursive: true });
      const image = path.join(directory, 'ggen.db');
      const columns = TABLES.find(({ name }) => name === table)?.columns.map(({ column }) => column);
      nativeSqlite(image, sql);
      fs.writeFileSync(
        path.join(directory, `${table}.json`),
        nativeSqlite(image, '.mode json', `SELECT ${columns?.join()} FROM ${table}`),
      );
      forge(directory, () => undefined);
      const before = counter();
      for (const from of ['image', 'json'] as const) {
        const error = await rejectionOf(db.restoreBackup({ directory, from, force: true }));
        expect(error).toMatchObject({ name: 'PersistenceError', code: 'BACKUP_INVALID' });
        expect(error.message).toMatch(message);
      }
      expect(counter()).toBe(before);
      for (const from of ['image', 'json'] as const) {
        await db.restoreBackup({ directory, from, force: true, acceptInvalid: true });
        expect((await db.verify()).problems[0]?.row).toMatch(table);
      }
    }
  });

  it('takes time linear in the length of a row without an end', async () => {
    async function* kilobytes(): AsyncGenerator<Uint8Array> {
      const kilobyte = new TextEncoder().encode('x'.repeat(1024));
      for (let count = 0; count < 100_000; count++) yield kilobyte;
    }
    const read = async (): Promise<void> => {
      for await (const rows of readRowLines(kilobytes(), 'receipts.json')) expect(rows).toEqual([]);
    };
    expect(await rejectionOf(read())).toMatchObject({ code: 'BACKUP_INVALID' });
  });

  it('a row longer than any string, before it is held in memory', async () => {
    let givenBytes = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      const part = new TextEncoder().encode('x'.repeat(50_000));
      for (;;) {
        givenBytes += part.length;
        yield part;
      }
    }
    const read = async (): Promise<void> => {
      for await (const rows of readRowLines(endless(), 'receipts.json', 1_000_000)) expect(rows).toEqual([]);
    };
    expect(await rejectionOf(read())).toMatchObject({
      code: 'BACKUP_INVALID',
      message: 'The backup cannot be restored: receipts.json has a row of more than 1000000 characters',
    });
    expect(givenBytes).toBe(1_050_000);
  });

  it('a forged image, which is checked like any database', async () => {
    const database = createTestDatabase();
    const db = await openFilled(database);
    await db.exportBackup({ directory: database.path('backup') });
    const image = database.path('backup', 'ggen.db');
    fs.writeFileSync(image, 'no database at all, but as long as it takes to be one'.repeat(10));
    forge(database.path('backup'), () => undefined);
    const error = await rejectionOf(db.restoreBackup({ directory: database.path('backup'), force: true }));
    expect(error).toMatchObject({ name: 'PersistenceError', code: 'NOT_A_DATABASE' });
    expect((await db.stats()).receiptsTotal).toBe(20);
  });

  it('a folder that does not exist or holds no backup, with NOT_FOUND', async () => {
    const database = createTestDatabase();
    const db = await database.open();
    fs.mkdirSync(database.path('empty'));
    fs.writeFileSync(database.path('file'), '');
    fs.symlinkSync('loop', database.path('loop'));
    for (const name of ['missing', 'empty', 'file']) {
      expect(await rejectionOf(db.restoreBackup({ directory: database.path(name) }))).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    for (const call of [
      () => db.restoreBackup({ directory: database.path('loop') }),
      () => db.exportBackup({ directory: database.path('loop') }),
      () => db.exportAuditTrail({ output: database.path('loop') }),
      () => db.exportAuditTrail({ output: database.path('file', 'below') }),
      () => db.exportBackup({ directory: database.path('file', 'below') }),
    ]) {
      expect(await rejectionOf(call())).toMatchObject({ name: 'PersistenceError', code: 'IO_ERROR' });
    }
  });
});
