import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { BackupManifest } from '../../src/index.ts';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Changes files of a backup and updates the manifest to match. */
export function forge(
  folder: string,
  change: (manifest: BackupManifest & { files: { name: string }[] }) => void,
): void {
  const file = path.join(folder, 'manifest.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as BackupManifest;
  change(manifest as never);
  for (const entry of manifest.files as unknown as { name: string; bytes: number; sha256: string }[]) {
    const name = path.join(folder, entry?.name ?? '');
    if (!entry || !fs.existsSync(name)) continue;
    const bytes = fs.readFileSync(name);
    Object.assign(entry, { bytes: bytes.length, sha256: sha256(bytes) });
  }
  fs.writeFileSync(file, JSON.stringify(manifest));
}
