import type { GrowingBytes } from '../../../packages/sqljs-vfs/src/storages/memory/growing-bytes.ts';

/** A file on a simulated disk. */
export interface DiskFile {
  readonly kind: 'file';
  readonly id: number;
  readonly content: GrowingBytes;
}

/** A folder on a simulated disk. */
export interface DiskDirectory {
  readonly kind: 'directory';
  readonly id: number;
  readonly entries: Map<string, DiskNode>;
}

/** The target of a name on a simulated disk. */
export type DiskNode = DiskFile | DiskDirectory;

/** A change by a process. Nodes are given by their ids. */
export type DiskOperation =
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly file: number; readonly sizeBytes: number }
  | { readonly kind: 'syncFile'; readonly file: number }
  | { readonly kind: 'syncDirectory'; readonly directory: number }
  | { readonly kind: 'link'; readonly directory: number; readonly name: string; readonly node: DiskNode }
  | { readonly kind: 'unlink'; readonly directory: number; readonly name: string };

/** Makes the root of an empty disk. */
export function emptyRoot(): DiskDirectory {
  return { kind: 'directory', id: 0, entries: new Map() };
}

/** Makes a deep copy with the same ids. */
export function copyDirectory(directory: DiskDirectory): DiskDirectory {
  const entries = [...directory.entries].map(
    ([name, node]) => [name, node.kind === 'file' ? copyFile(node) : copyDirectory(node)] as const,
  );
  return { kind: 'directory', id: directory.id, entries: new Map(entries) };
}

function copyFile(file: DiskFile): DiskFile {
  return { kind: 'file', id: file.id, content: file.content.copy() };
}
