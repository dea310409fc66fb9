import fs from 'node:fs';

/** Returns the permission bits of a file or folder, in octal. */
export function modeOf(name: string): string {
  return (fs.statSync(name).mode & 0o7777).toString(8);
}
