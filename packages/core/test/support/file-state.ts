import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { modeOf } from '../../../../tests/support/file-mode.ts';

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
