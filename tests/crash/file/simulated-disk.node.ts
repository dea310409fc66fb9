import { constants } from 'node:fs';
import path from 'node:path';
import { fileStorage } from '../../../packages/sqljs-vfs/src/storages/node-file/node-file.node.ts';
import type {
  FileStatus,
  FileSystem,
} from '../../../packages/sqljs-vfs/src/storages/node-file/file-system.node.ts';
import type { Storage } from '../../../packages/sqljs-vfs/src/contract/storage.ts';
import { GrowingBytes } from '../../../packages/sqljs-vfs/src/storages/memory/growing-bytes.ts';
import {
  type DiskDirectory,
  type DiskFile,
  type DiskNode,
  type DiskOperation,
  emptyRoot,
} from './disk-tree.ts';
import { SimulatedLocks } from './simulated-locks.ts';

const DIRECTORY_MODE = 0o040_700;
const FILE_MODE = 0o100_600;
/** All changes happen within one tick of the disk's clock: no test may depend on its resolution. */
const CLOCK_MS = 2_000_000_000_000;

/** Makes an error as the operating system reports it. */
function failure(code: string, about: string): Error {
  return Object.assign(new Error(`${code}: ${about}`), { code });
}

/**
 * A disk in memory that records every change and sync in order. Processes on it see changes at once, as in an operating
 * system. `crash-images.ts` makes the images that a power loss may leave.
 */
export class SimulatedDisk {
  readonly root: DiskDirectory;
  /** All operations so far, oldest first. */
  readonly operations: DiskOperation[] = [];
  readonly #open: Map<number, DiskNode> = new Map();
  /** Modification times that a process has set, in milliseconds, by the ids of the files. */
  readonly #setTimesMs: Map<number, number> = new Map();
  readonly locks: SimulatedLocks = new SimulatedLocks((fd) => this.node(fd).id);
  #nextId: number;
  #nextFd = 3;

  /** @param root - durable content of the disk; it is used, not copied */
  constructor(root: DiskDirectory = emptyRoot()) {
    this.root = root;
    this.#nextId = 1 + greatestId(root);
  }

  /** Makes a process that uses the disk. */
  process(): SimulatedProcess {
    return new SimulatedProcess(this);
  }

  /** Returns the node of a path, or undefined. */
  find(absolutePath: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root;
    for (const name of absolutePath.split('/')) {
      if (name === '') continue;
      node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
    }
    return node;
  }

  node(fd: number): DiskNode {
    const node = this.#open.get(fd);
    if (!node) throw failure('EBADF', `descriptor ${fd}`);
    return node;
  }

  file(fd: number): DiskFile {
    const node = this.node(fd);
    if (node.kind !== 'file') throw failure('EISDIR', `descriptor ${fd}`);
    return node;
  }

  openDescriptor(node: DiskNode): number {
    const fd = this.#nextFd++;
    this.#open.set(fd, node);
    return fd;
  }

  closeDescriptor(fd: number): void {
    this.locks.closed(fd);
    this.#open.delete(fd);
  }

  makeFile(absolutePath: string): DiskFile {
    const file: DiskFile = { kind: 'file', id: this.#nextId++, content: new GrowingBytes() };
    this.#link(absolutePath, file);
    return file;
  }

  makeDirectory(absolutePath: string): void {
    if (this.find(absolutePath)) throw failure('EEXIST', absolutePath);
    this.#link(absolutePath, { kind: 'directory', id: this.#nextId++, entries: new Map() });
  }

  removeDirectory(absolutePath: string): void {
    const node = this.find(absolutePath);
    if (node?.kind !== 'directory') throw failure('ENOENT', absolutePath);
    if (node.entries.size > 0) throw failure('ENOTEMPTY', absolutePath);
    this.#unlink(absolutePath);
  }

  #link(absolutePath: string, node: DiskNode): void {
    const directory = this.#directoryOf(absolutePath);
    const name = path.basename(absolutePath);
    directory.entries.set(name, node);
    this.operations.push({ kind: 'link', directory: directory.id, name, node });
  }

  unlink(absolutePath: string): void {
    if (this.find(absolutePath)?.kind !== 'file') throw failure('ENOENT', absolutePath);
    this.#unlink(absolutePath);
  }

  #unlink(absolutePath: string): void {
    const directory = this.#directoryOf(absolutePath);
    const name = path.basename(absolutePath);
    directory.entries.delete(name);
    this.operations.push({ kind: 'unlink', directory: directory.id, name });
  }

  write(file: DiskFile, bytes: Uint8Array, offset: number): void {
    file.content.write(bytes, offset);
    this.#setTimesMs.delete(file.id);
    this.operations.push({ kind: 'write', file: file.id, offset, bytes: bytes.slice() });
  }

  truncate(file: DiskFile, sizeBytes: number): void {
    file.content.truncate(sizeBytes);
    this.#setTimesMs.delete(file.id);
    this.operations.push({ kind: 'truncate', file: file.id, sizeBytes });
  }

  setModificationTime(node: DiskNode, timeMs: number): void {
    this.#setTimesMs.set(node.id, timeMs);
  }

  statusOf(node: DiskNode): FileStatus {
    const isFile = node.kind === 'file';
    return {
      size: isFile ? node.content.sizeBytes : 0,
      mode: isFile ? FILE_MODE : DIRECTORY_MODE,
      mtimeMs: this.#setTimesMs.get(node.id) ?? CLOCK_MS,
      isFile: () => isFile,
    };
  }

  sync(node: DiskNode): void {
    this.operations.push(
      node.kind === 'file'
        ? { kind: 'syncFile', file: node.id }
        : { kind: 'syncDirectory', directory: node.id },
    );
  }

  #directoryOf(absolutePath: string): DiskDirectory {
    const directory = this.find(path.dirname(absolutePath));
    if (directory?.kind !== 'directory') throw failure('ENOENT', absolutePath);
    return directory;
  }
}

/** A process on a simulated disk. When it is killed, its descriptors are closed and its locks released. */
export class SimulatedProcess {
  readonly #disk: SimulatedDisk;
  readonly #descriptors: Set<number> = new Set();
  /** Number of calls until the process is killed. */
  #callsLeft = Infinity;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  get alive(): boolean {
    return this.#callsLeft > 0;
  }

  /** Makes the file storage of this process, on the simulated disk. */
  storage(databasePath: string): Storage {
    return fileStorage(databasePath, { fileSystem: this.fileSystem, rangeLocks: this.#disk.locks.ranges });
  }

  /** Ends the process at once, as SIGKILL does: its locks are released, and its files keep their content. */
  kill(): void {
    for (const fd of this.#descriptors) this.#disk.closeDescriptor(fd);
    this.#callsLeft = 0;
  }

  /** Kills the process after a number of calls. */
  killAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  /** The calls of `node:fs`, which fail after the process was killed. */
  readonly fileSystem: FileSystem = this.#calls();

  #calls(): FileSystem {
    const alive = (): SimulatedDisk => {
      if (!this.alive) throw failure('EIO', 'the process was killed');
      if (--this.#callsLeft === 0) this.kill();
      return this.#disk;
    };
    return {
      openSync: (filePath, flags) => this.#open(alive(), filePath, flags),
      closeSync: (fd) => {
        this.#descriptors.delete(fd);
        alive().closeDescriptor(fd);
      },
      readSync: (fd, target, offset, length, position) =>
        alive()
          .file(fd)
          .content.read(target.subarray(offset, offset + length), position),
      writeSync: (fd, source, offset, length, position) => {
        const disk = alive();
        disk.write(disk.file(fd), source.subarray(offset, offset + length), position);
        return length;
      },
      ftruncateSync: (fd, sizeBytes) => {
        const disk = alive();
        disk.truncate(disk.file(fd), sizeBytes);
      },
      fdatasyncSync: (fd) => {
        const disk = alive();
        disk.sync(disk.file(fd));
      },
      fsyncSync: (fd) => {
        const disk = alive();
        disk.sync(disk.node(fd));
      },
      fstatSync: (fd) => {
        const disk = alive();
        return disk.statusOf(disk.node(fd));
      },
      futimesSync: (fd, _atimeSeconds, mtimeSeconds) => {
        const disk = alive();
        disk.setModificationTime(disk.node(fd), mtimeSeconds * 1000);
      },
      fchmodSync: () => void alive(),
      unlinkSync: (filePath) => alive().unlink(filePath),
      statSync: (filePath) => {
        const disk = alive();
        const node = disk.find(filePath);
        return node && disk.statusOf(node);
      },
      lstatSync: (filePath) => {
        const node = alive().find(filePath);
        return node && { isSymbolicLink: () => false };
      },
      readlinkSync: (filePath) => {
        throw failure('EINVAL', filePath);
      },
      realpathSync: (filePath) => {
        if (!alive().find(filePath)) throw failure('ENOENT', filePath);
        return filePath;
      },
      existsSync: (filePath) => alive().find(filePath) !== undefined,
      mkdirSync: (directory) => alive().makeDirectory(directory),
      rmdirSync: (directory) => alive().removeDirectory(directory),
      chmodSync: () => void alive(),
      inodeIdSync: (fileOrPath) => {
        const disk = alive();
        return (
          typeof fileOrPath === 'number' ? disk.node(fileOrPath) : disk.find(fileOrPath)
        )?.id.toString();
      },
    };
  }

  #open(disk: SimulatedDisk, filePath: string, flags: number | string): number {
    const openFlags = typeof flags === 'number' ? flags : constants.O_RDONLY;
    let node = disk.find(filePath);
    if (node && openFlags & constants.O_CREAT && openFlags & constants.O_EXCL)
      throw failure('EEXIST', filePath);
    if (!node) {
      if (!(openFlags & constants.O_CREAT)) throw failure('ENOENT', filePath);
      node = disk.makeFile(filePath);
    }
    const fd = disk.openDescriptor(node);
    this.#descriptors.add(fd);
    return fd;
  }
}

function greatestId(node: DiskNode): number {
  const below = node.kind === 'directory' ? [...node.entries.values()].map(greatestId) : [];
  return Math.max(node.id, ...below);
}
