/** The parts of a backup against each other, and its rows against the rules of verify. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { BackupDirectory, PersistenceError, RestoreOptions } from '../../src/index.ts';
import { backupDirectoryAt } from '../../src/exports/export-targets.node.ts';
import { rejectionOf } from '../../src/testing/persistence-case.ts';
import { openFilled } from '../support/filled-database.ts';
import { forge } from '../support/forged-backup.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';

const SOURCES = ['image', 'json'] as const;

const editImage =
  (...statements: string[]) =>
  (folder: string): void =>
    void nativeSqlite(path.join(folder, 'ggen.db'), ...statements);

/** Edits the lines of a JSON file, one row each. */
const editRows =
  (name: string, edit: (lines: string[]) => string[]) =>
  (folder: string): void => {
    const file = path.join(folder, name);
    const rows = fs.readFileSync(file, 'utf8').trim().slice(1, -1).split(',\n');
    const edited = edit(rows);
    fs.writeFileSync(file, `[${edited.join(',\n')}]\n`);
    forge(folder, ({ files }) => {
      for (const entry of files) if (entry.name === name) Object.assign(entry, { rows: edited.length });
    });
  };

const replaced =
  (index: number, from: string | RegExp, to: string) =>
  (lines: string[]): string[] =>
    lines.map((line, at) => (at === index ? line.replace(from, to) : line));

const disagreements: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
  [
    'a value of the image was changed',
    editImage("UPDATE audit_log SET details = 'other' WHERE rowid = 2"),
    /audit_log 2 in ggen\.db and row 2 of audit_log\.json differ in details$/,
  ],
  [
    'a value of the JSON was changed',
    editRows('receipts.json', replaced(6, /"execution_id":"e-6"/, '"execution_id":"e-5"')),
    /receipts 7 in ggen\.db and row 7 of receipts\.json differ in execution_id$/,
  ],
  [
    'the JSON has a row less',
    editRows('receipts.json', (lines) => lines.slice(0, -1)),
    /receipts 20 in ggen\.db is missing in receipts\.json$/,
  ],
  [
    'the JSON has a row more',
    editRows('audit_log.json', (lines) => [
      ...lines,
      lines[0]?.replace(/"audit_id":"./, '"audit_id":"x') ?? '',
    ]),
    /row 4 of audit_log\.json is missing in ggen\.db$/,
  ],
  [
    'the image counts receipts as imported, whose ids nobody checks',
    editImage(
      "UPDATE _schema_metadata SET value = '20' WHERE key = 'adopted_receipts'",
      "INSERT OR IGNORE INTO _schema_metadata (key, value) VALUES ('adopted_receipts', '20')",
    ),
    /ggen\.db has 20 imported receipts, the manifest says 0$/,
  ],
];

it.for(disagreements)('a backup is refused when %s', async ([, edit, message]) => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const directory = database.path('backup');
  await db.exportBackup({ directory });
  edit(directory);
  forge(directory, () => undefined);
  const before = fs.readFileSync(database.file);
  for (const from of SOURCES) {
    for (const acceptInvalid of [false, true]) {
      const options: RestoreOptions = { directory, from, force: true, acceptInvalid };
      const error = await rejectionOf(db.restoreBackup(options));
      expect(error).toMatchObject({ code: 'BACKUP_INVALID', message: expect.stringMatching(message) });
    }
  }
  expect(fs.readFileSync(database.file).equals(before)).toBe(true);
});

it('a row that verify names is refused, and so is an index', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const insert =
    'INSERT INTO audit_log (audit_id, agent_id, operation, status, timestamp, duration_ms, details)';
  const oddRows: [string, RegExp][] = [
    ["'x', 'a', 'o', 'completed', CURRENT_TIMESTAMP, 1.5, 'd'", /duration_ms is 1\.5/],
    ["'x', 'a', 'o', 'completed', CURRENT_TIMESTAMP, 1, x'00'", /details is binary data/],
    ["'x', 'a', 'o', 'completed', NULL, 1, 'd'", /timestamp is NULL, which is not a time/],
    ["'x', 'a', 'o', 'completed', 'evil', 1, 'd'", /timestamp is "evil"/],
  ];
  for (const [index, [values, message]] of oddRows.entries()) {
    const directory = database.path(`backup-${index}`);
    database.native(`${insert} VALUES (${values})`);
    const { problems } = await db.verify();
    // From the second one on, the row is also another than the entry of its id says.
    expect(problems.filter(({ check }) => check !== 'history')).toMatchObject([
      { row: 'audit_log 4', message: expect.stringMatching(message) },
    ]);
    await db.exportBackup({ directory });
    for (const from of SOURCES) {
      const error = await rejectionOf(db.restoreBackup({ directory, from, force: true }));
      expect(error).toMatchObject({ code: 'BACKUP_INVALID', message: expect.stringMatching(message) });
      expect(error.message).toContain('audit_log 4 is invalid: ');
      const report = await db.restoreBackup({ directory, from, force: true, acceptInvalid: true });
      expect(report).toMatchObject({ receipts: 20, memories: 1, auditEntries: 4 });
    }
    database.native("DELETE FROM audit_log WHERE audit_id = 'x'");
  }
  const directory = database.path('without-index');
  await db.exportBackup({ directory });
  editImage('DROP INDEX idx_receipts_status')(directory);
  forge(directory, () => undefined);
  const error = await rejectionOf(db.restoreBackup({ directory, force: true }));
  expect(error).toMatchObject({
    code: 'BACKUP_INVALID',
    message: expect.stringContaining('in ggen.db, the index idx_receipts_status is missing'),
    hint: expect.stringContaining('`from` json'),
  });
  expect(await db.restoreBackup({ directory, from: 'json', force: true })).toMatchObject({ receipts: 20 });
  expect((await db.verify()).ok).toBe(true);
});

it('a damaged index of the image is refused, although every row can be read', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const directory = database.path('backup');
  await db.exportBackup({ directory });
  const image = path.join(directory, 'ggen.db');
  const [page, sizeBytes] = nativeSqlite(
    image,
    "SELECT rootpage FROM sqlite_schema WHERE name = 'idx_receipts_status'",
    'PRAGMA page_size',
  )
    .split('\n')
    .map(Number) as [number, number];
  const bytes = fs.readFileSync(image);
  // The entries of the index, whose texts are at the end of the page.
  bytes.fill(0x7f, page * sizeBytes - 20, page * sizeBytes);
  fs.writeFileSync(image, bytes);
  forge(directory, () => undefined);
  expect(nativeSqlite(image, 'SELECT count(*) FROM receipts NOT INDEXED')).toBe('20');
  expect(await rejectionOf(db.restoreBackup({ directory, force: true }))).toMatchObject({ code: 'CORRUPT' });
  expect(await db.restoreBackup({ directory, from: 'json', force: true })).toMatchObject({ receipts: 20 });
});

it('without an image, the JSON rows make a database that is checked before they are stored', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const directory = database.path('backup');
  await db.exportBackup({ directory });
  fs.rmSync(path.join(directory, 'ggen.db'));
  forge(directory, (manifest) => {
    Object.assign(manifest, { files: manifest.files.filter(({ name }) => name !== 'ggen.db') });
  });
  expect(await db.restoreBackup({ directory, force: true })).toEqual({
    directory,
    from: 'json',
    receipts: 20,
    memories: 1,
    auditEntries: 3,
  });
  for (const [edit, message] of [
    [
      replaced(6, /"execution_id":"e-6"/, '"execution_id":"e-5"'),
      /row 7 of receipts\.json cannot be stored \(UNIQUE/,
    ],
    [
      replaced(6, /"agent_id":"[^"]*"/, '"agent_id":null'),
      /row 7 of receipts\.json cannot be stored \(NOT NULL/,
    ],
    [replaced(6, /"duration_ms":0/, '"duration_ms":0.5'), /receipts 7 is invalid: duration_ms is 0\.5/],
    [replaced(6, /"duration_ms":0/, '"duration_ms":7'), /receipts 7 is invalid: receipt_id is/],
  ] as const) {
    const forged = database.path('forged');
    fs.cpSync(directory, forged, { recursive: true, force: true });
    editRows('receipts.json', edit)(forged);
    const error = await rejectionOf(db.restoreBackup({ directory: forged, force: true }));
    expect(error).toMatchObject({ code: 'BACKUP_INVALID', message: expect.stringMatching(message) });
  }
  expect((await db.stats()).receiptsTotal).toBe(20);
});

it.each([
  ['ggen.db', 'image'],
  ['receipts.json', 'json'],
] as const)('a change of %s after it was checked is refused, from %s', async (name, from) => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const folder = database.path('backup');
  await db.exportBackup({ directory: folder });
  if (from === 'json') {
    fs.rmSync(path.join(folder, 'ggen.db'));
    forge(folder, (manifest) => {
      Object.assign(manifest, { files: manifest.files.filter((file) => file.name !== 'ggen.db') });
    });
  }
  const file = path.join(folder, name);
  const original = fs.readFileSync(file);
  const changed = Buffer.from(original.toString('latin1').replace('validator-1', 'validator-2'), 'latin1');
  expect(changed.equals(original)).toBe(false);
  const local = backupDirectoryAt(folder);
  let opened = 0;
  // One reading after the other is of the changed file; the last one is of no reading at all.
  for (let changedReading = 1; ; changedReading++) {
    opened = 0;
    const directory: BackupDirectory = {
      ...local,
      open(fileName) {
        if (fileName === name) fs.writeFileSync(file, ++opened === changedReading ? changed : original);
        return local.open(fileName);
      },
    };
    // Without the rules of rows, only the hash tells.
    const restoring = db.restoreBackup({ directory, from, force: true, acceptInvalid: true });
    const outcome = await restoring.then(
      () => 'restored',
      (error: PersistenceError) => error.code,
    );
    const agents = new Set((await db.queryReceipts()).map(({ agentId }) => agentId));
    expect([outcome, [...agents]]).toEqual([
      opened < changedReading ? 'restored' : 'BACKUP_INVALID',
      ['validator-1'],
    ]);
    if (opened < changedReading) break;
  }
  expect(opened).toBeGreaterThan(1);
});
