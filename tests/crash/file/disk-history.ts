import { GrowingBytes } from '../../../packages/sqljs-vfs/src/storages/memory/growing-bytes.ts';
import { type DiskDirectory, type DiskNode, type DiskOperation, copyDirectory } from './disk-tree.ts';

/** A change of a file's content that no sync has made safe yet. */
export type UnsafeChange = Extract<DiskOperation, { kind: 'write' | 'truncate' }>;

/** A change of a folder's names that no sync has made safe yet; without a node the name is taken away. */
export interface UnsafeName {
  readonly name: string;
  readonly node: DiskNode | undefined;
}

/** A file as a crash finds it. */
export interface FileHistory {
  /** As the last sync left it. */
  readonly safe: GrowingBytes;
  /** What came after that, oldest first. */
  unsafe: UnsafeChange[];
  /** With all of that. */
  readonly seen: GrowingBytes;
  /** What was cut off this file, or lay in the file of this name before: what freshly given blocks may show. */
  readonly former: GrowingBytes;
}

/** A folder as a crash finds it. */
export interface DirectoryHistory {
  readonly safe: Map<string, DiskNode>;
  unsafe: UnsafeName[];
}

/** What a disk does of what it should. */
export interface DiskBehaviour {
  /** A sync makes a file's content safe. */
  readonly syncsFiles: boolean;
  /** A sync makes the names in a folder safe. */
  readonly syncsDirectories: boolean;
  /** Blocks that were freed show zeros or noise when a file gets them anew, never what they held. */
  readonly hidesFreedBlocks: boolean;
}

/** A disk that does all of it. */
export const HONEST_DISK: DiskBehaviour = {
  syncsFiles: true,
  syncsDirectories: true,
  hidesFreedBlocks: true,
};

/** A disk's past, replayed up to any of its operations: what was safe then, and what was not. */
export class DiskHistory {
  readonly rootId: number;
  readonly behaviour: DiskBehaviour;
  readonly #operations: readonly DiskOperation[];
  readonly #files: Map<number, FileHistory> = new Map();
  readonly #directories: Map<number, DirectoryHistory> = new Map();
  #replayed = 0;

  /** @param before - what was on the disk, durably, before the first operation */
  constructor(before: DiskDirectory, operations: readonly DiskOperation[], behaviour: DiskBehaviour) {
    this.rootId = before.id;
    this.#operations = operations;
    this.behaviour = behaviour;
    this.#adopt(copyDirectory(before));
  }

  /** Goes on until so many operations have happened. Only forwards. */
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

  #adopt(node: DiskNode): void {
    if (node.kind === 'file') {
      this.#files.set(node.id, {
        safe: node.content,
        unsafe: [],
        seen: node.content.copy(),
        former: new GrowingBytes(),
      });
      return;
    }
    this.#directories.set(node.id, { safe: new Map(node.entries), unsafe: [] });
    for (const entry of node.entries.values()) this.#adopt(entry);
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
        this.directory(operation.directory).unsafe.push({ name: operation.name, node: undefined });
        break;
    }
  }

  #change(change: UnsafeChange): void {
    const file = this.file(change.file);
    if (change.kind === 'truncate') {
      file.former.write(file.seen.view().subarray(change.sizeBytes), change.sizeBytes);
    }
    applyChange(file.seen, change);
    file.unsafe.push(change);
  }

  #syncFile(id: number): void {
    const file = this.file(id);
    for (const change of file.unsafe) applyChange(file.safe, change);
    file.unsafe = [];
  }

  #syncDirectory(id: number): void {
    const directory = this.directory(id);
    for (const { name, node } of directory.unsafe) applyName(directory.safe, name, node);
    directory.unsafe = [];
  }

  #link({ directory: id, name, node }: Extract<DiskOperation, { kind: 'link' }>): void {
    const directory = this.directory(id);
    const before = this.#lastNode(directory, name);
    if (node.kind === 'file') {
      this.#adopt({ kind: 'file', id: node.id, content: new GrowingBytes() });
      if (before?.kind === 'file') this.file(node.id).former.write(this.file(before.id).seen.view(), 0);
    } else {
      this.#adopt({ kind: 'directory', id: node.id, entries: new Map() });
    }
    directory.unsafe.push({ name, node });
  }

  /** What a name stood for last, removed or not. */
  #lastNode(directory: DirectoryHistory, name: string): DiskNode | undefined {
    return (
      directory.unsafe.findLast((change) => change.name === name && change.node)?.node ??
      directory.safe.get(name)
    );
  }
}

/** Does to a content what a change says. */
export function applyChange(content: GrowingBytes, change: UnsafeChange): void {
  if (change.kind === 'write') content.write(change.bytes, change.offset);
  else content.truncate(change.sizeBytes);
}

/** Does to a folder's names what a change says. */
export function applyName(names: Map<string, DiskNode>, name: string, node: DiskNode | undefined): void {
  if (node) names.set(name, node);
  else names.delete(name);
}
