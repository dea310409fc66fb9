import { GrowingBytes } from '../../../packages/sqljs-vfs/src/storages/memory/growing-bytes.ts';
import { type DiskDirectory, type DiskNode, type DiskOperation, copyDirectory } from './disk-tree.ts';

/** An unsynced change of a file's content. */
export type UnsyncedChange = Extract<DiskOperation, { kind: 'write' | 'truncate' }>;

/** An unsynced change of a name in a folder. Without a node it removes the name. */
export interface UnsyncedName {
  readonly name: string;
  readonly node: DiskNode | undefined;
}

/** The state of a file for a crash. */
export interface FileHistory {
  /** Content at the last sync. */
  readonly synced: GrowingBytes;
  /** Changes after it, oldest first. */
  unsynced: UnsyncedChange[];
  /** Content with all changes, as processes see it. */
  readonly seen: GrowingBytes;
  /** Content that was truncated, or of an earlier file of this name, which newly allocated blocks may show. */
  readonly former: GrowingBytes;
}

/** The state of a folder for a crash. */
export interface DirectoryHistory {
  readonly synced: Map<string, DiskNode>;
  unsynced: UnsyncedName[];
}

/** The guarantees that a disk gives. */
export interface DiskBehaviour {
  /** True when a sync makes a file's content durable. */
  readonly syncsFiles: boolean;
  /** True when a sync makes the names in a folder durable. */
  readonly syncsDirectories: boolean;
  /** True when a reallocated block shows zeros or noise, never its former content. */
  readonly hidesFreedBlocks: boolean;
}

/** A disk that gives all guarantees. */
export const INTACT_DISK: DiskBehaviour = {
  syncsFiles: true,
  syncsDirectories: true,
  hidesFreedBlocks: true,
};

/** The operations of a disk, replayed up to any of them, with the synced and unsynced changes at that point. */
export class DiskHistory {
  readonly rootId: number;
  readonly behaviour: DiskBehaviour;
  readonly #operations: readonly DiskOperation[];
  readonly #files: Map<number, FileHistory> = new Map();
  readonly #directories: Map<number, DirectoryHistory> = new Map();
  #replayed = 0;

  /** @param before - durable content before the first operation */
  constructor(before: DiskDirectory, operations: readonly DiskOperation[], behaviour: DiskBehaviour) {
    this.rootId = before.id;
    this.#operations = operations;
    this.behaviour = behaviour;
    this.#add(copyDirectory(before));
  }

  /** Replays until `operationCount` operations have happened. The history only moves forwards. */
  replayTo(operationCount: number): void {
    for (; this.#replayed < operationCount; this.#replayed++) {
      this.#replay(this.#operations[this.#replayed] as DiskOperation);
    }
  }

  file(id: number): FileHistory {
    return this.#files.get(id) as FileHistory;
  }

  directory(id: number): DirectoryHistory {
    return this.#directories.get(id) as DirectoryHistory;
  }

  #add(node: DiskNode): void {
    if (node.kind === 'file') {
      this.#files.set(node.id, {
        synced: node.content,
        unsynced: [],
        seen: node.content.copy(),
        former: new GrowingBytes(),
      });
      return;
    }
    this.#directories.set(node.id, { synced: new Map(node.entries), unsynced: [] });
    for (const entry of node.entries.values()) this.#add(entry);
  }

  #replay(operation: DiskOperation): void {
    switch (operation.kind) {
      case 'write':
      case 'truncate':
        this.#change(operation);
        break;
      case 'syncFile':
        if (this.behaviour.syncsFiles) this.#syncFile(operation.file);
        break;
      case 'syncDirectory':
        if (this.behaviour.syncsDirectories) this.#syncDirectory(operation.directory);
        break;
      case 'link':
        this.#link(operation);
        break;
      case 'unlink':
        this.directory(operation.directory).unsynced.push({ name: operation.name, node: undefined });
        break;
    }
  }

  #change(change: UnsyncedChange): void {
    const file = this.file(change.file);
    if (change.kind === 'truncate') {
      file.former.write(file.seen.view().subarray(change.sizeBytes), change.sizeBytes);
    }
    applyChange(file.seen, change);
    file.unsynced.push(change);
  }

  #syncFile(id: number): void {
    const file = this.file(id);
    for (const change of file.unsynced) applyChange(file.synced, change);
    file.unsynced = [];
  }

  #syncDirectory(id: number): void {
    const directory = this.directory(id);
    for (const { name, node } of directory.unsynced) applyName(directory.synced, name, node);
    directory.unsynced = [];
  }

  #link({ directory: id, name, node }: Extract<DiskOperation, { kind: 'link' }>): void {
    const directory = this.directory(id);
    const before = this.#lastNode(directory, name);
    if (node.kind === 'file') {
      this.#add({ kind: 'file', id: node.id, content: new GrowingBytes() });
      if (before?.kind === 'file') this.file(node.id).former.write(this.file(before.id).seen.view(), 0);
    } else {
      this.#add({ kind: 'directory', id: node.id, entries: new Map() });
    }
    directory.unsynced.push({ name, node });
  }

  /** Returns the last node of a name, even if the name was removed. */
  #lastNode(directory: DirectoryHistory, name: string): DiskNode | undefined {
    return (
      directory.unsynced.findLast((change) => change.name === name && change.node)?.node ??
      directory.synced.get(name)
    );
  }
}

/** Applies a change to the content of a file. */
export function applyChange(content: GrowingBytes, change: UnsyncedChange): void {
  if (change.kind === 'write') content.write(change.bytes, change.offset);
  else content.truncate(change.sizeBytes);
}

/** Applies a change to the names of a folder. */
export function applyName(names: Map<string, DiskNode>, name: string, node: DiskNode | undefined): void {
  if (node) names.set(name, node);
  else names.delete(name);
}
