/** Where tests keep real databases, and what every database file must be when its test is over. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type FileOpenOptions, type Persistence, openPersistence } from '../../src/index.ts';
import { nativeSqlite } from './native-sqlite.ts';

export { nativeSqlite } from './native-sqlite.ts';

/** A folder of its own for one test, with the database file that the test is about. */
export class DatabasePlace {
  readonly folder: string = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-core-')));
  readonly file: string = path.join(this.folder, 'ggen.db');
  readonly #opened: Persistence[] = [];
  readonly #undo: (() => void)[] = [];

  /** A path in the folder. */
  path(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Opens the database file, or another one. */
  async open(options: Partial<FileOpenOptions> = {}): Promise<Persistence> {
    const persistence = await openPersistence({ path: this.file, ...options, storage: 'file' });
    this.#opened.push(persistence);
    return persistence;
  }

  /** Runs Debian's `sqlite3` on the database file; each argument is a statement or a dot-command. */
  native(...commands: string[]): string {
    return nativeSqlite(this.file, ...commands);
  }

  /** What to do once everything is closed, before the folder goes. */
  atEnd(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Closes everything; the database file must be sound to native SQLite, and alone. */
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

/** A place for the test that is running; when it is over, `integrity_check` by native SQLite must say ok. */
export function placeOfTest(): DatabasePlace {
  const place = new DatabasePlace();
  onTestFinished(() => place.end());
  return place;
}
