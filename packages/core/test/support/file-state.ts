import { createHash } from 'node:crypto';
import fs from 'node:fs';

/** Reads the state of a file that opening it must not change. */
export function stateOf(file: string): Record<string, unknown> {
  const { mtimeNs, size, ino } = fs.statSync(file, { bigint: true });
  return {
    mtimeNs,
    size,
    ino,
    mode: modeOf(file),
    sha256: createHash('sha256').update(fs.readFileSync(file)).digest('hex'),
  };
}

/** The permission bits of a file or folder, octal. */
export function modeOf(name: string): string {
  return (fs.statSync(name).mode & 0o7777).toString(8);
}
