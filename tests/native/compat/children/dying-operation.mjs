/**
 * Arguments: file, operation, before how many changes to the file system to die, folder of a backup. Says `done` once
 * the operation is acknowledged, then how many changes it took.
 */
import './built-packages.mjs';
import { changesMade, dieBefore } from './dying-file-system.mjs';
import fs from 'node:fs';

const { openPersistence } = await import('@ggen-sim/core');
const [file = '', name = '', changes = 'Infinity', folder = ''] = process.argv.slice(2);

const clock = () => new Date('2026-06-01T00:00:00Z');
const LONG_TEXT = JSON.stringify('x'.repeat(9000));
const VERY_LONG_TEXT = JSON.stringify('x'.repeat(60_000));

/** @param {string} group @param {number} count @param {string} receipt */
const receipts = (group, count, receipt) =>
  Array.from({ length: count }, (_, row) => ({
    executionId: `${group}-${row}`,
    agentId: 'agent',
    agentType: 'validation',
    receipt,
  }));

/** @param {{ exclusive?: boolean }} [own] */
const open = (own = {}) => openPersistence({ storage: 'file', path: file, clock, ...own });

/** @type {Record<string, { before?: () => Promise<import('@ggen-sim/core').Persistence>, run: (db: import('@ggen-sim/core').Persistence) => Promise<unknown> }>} */
const operations = {
  /** Also adopts, migrates, or rolls back what another left, whatever the file is. */
  open: { run: async () => (await open()).close() },
  save: {
    before: open,
    run: (db) =>
      db.record({
        receipts: receipts('saved', 3, '{}'),
        audits: [{ agentId: 'agent', operation: 'save', status: 'completed' }],
        memories: [{ agentId: 'agent', agentType: 'validation', memory: '{}' }],
      }),
  },
  /** More than SQLite's cache of 16 MiB holds: pages reach the file before their transaction ends. */
  big: { before: open, run: (db) => db.saveReceipts(receipts('big', 400, VERY_LONG_TEXT)) },
  exclusive: {
    before: () => open({ exclusive: true }),
    run: async (db) => {
      await db.saveReceipts(receipts('big', 500, LONG_TEXT));
      await db.close();
    },
  },
  cleanup: { before: open, run: (db) => db.cleanup({ days: 90 }) },
  reset: { before: open, run: (db) => db.reset() },
  restoreImage: { before: open, run: (db) => db.restoreBackup({ directory: folder, force: true }) },
  restoreJson: {
    before: open,
    run: (db) => db.restoreBackup({ directory: folder, force: true, from: 'json' }),
  },
  importImage: { before: open, run: (db) => db.importImage(fs.readFileSync(`${folder}/ggen.db`)) },
  exportBackup: { before: open, run: (db) => db.exportBackup({ directory: `${file}.backup` }) },
};

const operation = operations[name];
if (!operation) throw new Error(`no operation ${name}`);
const db = /** @type {import('@ggen-sim/core').Persistence} */ (await operation.before?.());
dieBefore(Number(changes));
await operation.run(db);
const made = changesMade();
dieBefore(Number.POSITIVE_INFINITY);
fs.writeSync(1, `done\n${made}\n`);
await db?.close();
