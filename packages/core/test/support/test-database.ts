/** Real database files for tests, checked by native SQLite when the test is over. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type FileOpenOptions, type Persistence, openPersistence } from '../../src/index.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';

export { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';

/** A temporary folder for one test, with its database file. */
export class TestDatabase {
  readonly folder: string = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-core-')));
  readonly file: string = path.join(this.folder, 'ggen.db');
  readonly #opened: Persistence[] = [];
  readonly #undo: (() => void)[] = [];

  /** Returns a path in the folder. */
  path(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Opens the database file, or the file of `options.path`. */
  async open(options: Partial<FileOpenOptions> = {}): Promise<Persistence> {
    const persistence = await openPersistence({ path: this.file, ...options, storage: 'file' });
    this.#opened.push(persistence);
    return persistence;
  }

  /** Runs Debian's `sqlite3` on the database file; each argument is a statement or a dot-command. */
  native(...commands: string[]): string {
    return nativeSqlite(this.file, ...commands);
  }

  /** Registers cleanup to run once everything is closed, before the folder is removed. */
  atEnd(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Closes everything. Native SQLite must find the file intact, and no journal or partial file may remain. */
  async end(): Promise<void> {
    for (const persistence of this.#opened) await persistence.close();
    for (const undo of this.#undo) undo();
    try {
      if (!fs.existsSync(this.file) || fs.statSync(this.file).size === 0) return;
      const answer = this.native('PRAGMA integrity_check');
      if (answer !== 'ok') throw new Error(`integrity_check of ${this.file}: ${answer}`);
      const left = fs.readdirSync(this.folder).filter((name) => /-(journal|wal|shm)$|\.partial$/.test(name));
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    } finally {
      fs.rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/** Makes a database for the running test. When it is over, native SQLite's `integrity_check` must answer ok. */
export function createTestDatabase(): TestDatabase {
  const database = new TestDatabase();
  onTestFinished(() => database.end());
  return database;
}
