/**
 * The spool: a file beside the database, to which hooks append a line each. It needs neither SQLite nor a lock, so a hook
 * is quick whatever state the database is in.
 */
import fs from 'node:fs';
import path from 'node:path';

/** Path of the spool of a database. */
export const spoolPath = (databasePath: string): string => `${databasePath}-hooks`;

/** Number of drainers that may take the file while one line is appended to it, before the hook gives up. */
const MAX_ATTEMPTS = 1000;

/** End of the name of a spool that a drainer has taken. */
const TAKEN = '.taken';

/**
 * Appends a line and waits until it is on the disk. A drainer takes the file by renaming it. Where that happened meanwhile,
 * the drainer may have read the file before the line was in it, so the line is appended to the new file as well: the same
 * event twice is stored once.
 */
export function appendToSpool(databasePath: string, line: string): void {
  const file = spoolPath(databasePath);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const descriptor = openSpool(file);
    try {
      // A line feed before it as well: a line that a full disk has cut does not spoil this one.
      const bytes = Buffer.from(`\n${line}\n`);
      if (fs.writeSync(descriptor, bytes) !== bytes.length) throw new Error('the line was not written whole');
      fs.fsyncSync(descriptor);
      const written = fs.fstatSync(descriptor);
      const current = fs.statSync(file, { throwIfNoEntry: false });
      // Node may tell different numbers of the device for a name and a descriptor (https://github.com/libuv/libuv/pull/4698).
      const isOnSameDevice = process.platform === 'win32' || current?.dev === written.dev;
      if (current?.ino === written.ino && isOnSameDevice) return;
    } finally {
      fs.closeSync(descriptor);
    }
  }
  throw new Error('the spool was taken again and again');
}

function openSpool(file: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = fs.constants;
  const open = (): number => fs.openSync(file, O_APPEND | O_CREAT | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    return open();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeFolder(path.dirname(file));
    return open();
  }
}

/** Creates a folder and those above it. Node's own way never ends in /proc, where a folder that is no more cannot be made. */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = path.dirname(folder);
    if (code !== 'ENOENT' || parent === folder) throw error;
    makeFolder(parent);
    fs.mkdirSync(folder, { mode: 0o700 });
  }
}

/** True when hooks have left events for a database. */
export function hasSpooledEvents(databasePath: string): boolean {
  return fs.existsSync(spoolPath(databasePath)) || takenFiles(databasePath).length > 0;
}

/** Takes the spool, if there is one, and returns every taken file: also those of drainers that were killed. */
export function takeSpool(databasePath: string, unique: string): string[] {
  const file = spoolPath(databasePath);
  const now = String(Date.now()).padStart(15, '0');
  try {
    fs.renameSync(file, `${file}.${now}-${unique}${TAKEN}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return takenFiles(databasePath);
}

function takenFiles(databasePath: string): string[] {
  const file = spoolPath(databasePath);
  const folder = path.dirname(file);
  const begin = `${path.basename(file)}.`;
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith(begin) && name.endsWith(TAKEN))
    .toSorted()
    .map((name) => path.join(folder, name));
}

/** Removes a taken file whose events are stored. Another drainer may have done so. */
export function removeTaken(file: string): void {
  fs.rmSync(file, { force: true });
}
