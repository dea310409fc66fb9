/** Changes a settings file: whole or not at all, with a backup beside it. */
import fs from 'node:fs';
import path from 'node:path';
import { createTwoFilesPatch } from 'diff';

/** What was changed. */
export interface SettingsChange {
  /** Path of the file, links followed. */
  readonly file: string;
  /** Path of the copy of the file before; `null` for a new file, and where nothing changed. */
  readonly backup: string | null;
  /** The difference as a unified diff; empty where nothing changed. */
  readonly difference: string;
}

/**
 * Rewrites a settings file. It keeps its mode.
 * @param change - returns the new text; a missing file has the text ''
 */
export function changeSettingsFile(given: string, change: (text: string) => string): SettingsChange {
  const file = fs.existsSync(given) ? fs.realpathSync(given) : path.resolve(given);
  const isNew = !fs.existsSync(file);
  const before = isNew ? '' : fs.readFileSync(file, 'utf8');
  const after = change(before);
  if (after === before) return { file, backup: null, difference: '' };
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const mode = isNew ? 0o600 : fs.statSync(file).mode & 0o777;
  const backup = isNew
    ? null
    : unusedName(`${file}.backup-${new Date().toISOString().replaceAll(/[:.]/gu, '-')}`);
  if (backup !== null) writeDurably(backup, before, mode);
  const temporary = unusedName(`${file}.${process.pid}.tmp`);
  writeDurably(temporary, after, mode);
  fs.renameSync(temporary, file);
  return { file, backup, difference: createTwoFilesPatch(file, file, before, after, '', '') };
}

function unusedName(name: string): string {
  for (let number = 0; ; number++) {
    const candidate = number === 0 ? name : `${name}-${number}`;
    if (!fs.existsSync(candidate)) return candidate;
  }
}

function writeDurably(file: string, text: string, mode: number): void {
  const descriptor = fs.openSync(file, 'wx', mode);
  try {
    fs.fchmodSync(descriptor, mode);
    fs.writeFileSync(descriptor, text);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
