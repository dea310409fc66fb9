/** The locks of Windows, by its rules in memory. `tests/consumers/windows` runs the real ones. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatabaseLock, LockLevel } from '../../src/contract/database-lock.ts';
import { ByteRangeLock, PENDING_BYTE, type RangeLocks } from '../../src/locks/byte-range-lock.ts';
import { windowsRangeLocks } from '../../src/locks/windows-locks.node.ts';
import { openDatabase } from '../../src/open-database.ts';
import { type FileSystem, nodeFileSystem } from '../../src/storages/node-file/file-system.node.ts';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { describeStorage } from '../../src/testing/index.ts';
import { temporaryFolder } from '../../../../tests/support/temporary-folder.ts';
import { fileHarness, ONE_GIGABYTE_IS_ENOUGH } from './file-harness.ts';
import { LockFileEx, NotLockedError } from './lock-file-ex.ts';

const RESERVED_BYTE = PENDING_BYTE + 1;
const SHARED_FIRST = PENDING_BYTE + 2;
const SHARED_SIZE_BYTES = 510;
const SHARED = `${SHARED_FIRST}+${SHARED_SIZE_BYTES} read`;

describeStorage(
  'file, locks of Windows',
  () => fileHarness({ rangeLocks: windowsRangeLocks(new LockFileEx((fd) => fs.fstatSync(fd).ino).ranges) }),
  { framework: { describe, expect, it }, skip: ONE_GIGABYTE_IS_ENOUGH },
);

/**
 * What native SQLite does on Windows: winLock and winUnlock of os_win.c. In older versions readers hold the pending byte
 * exclusively, and a rollback takes it as well.
 */
class NativeLock implements DatabaseLock {
  level: LockLevel = LockLevel.none;
  readonly #fd: number;
  readonly #ranges: RangeLocks;
  readonly #isOld: boolean;

  constructor(fd: number, ranges: RangeLocks, isOld: boolean) {
    this.#fd = fd;
    this.#ranges = ranges;
    this.#isOld = isOld;
  }

  acquire(level: LockLevel): boolean {
    if (level <= this.level) return true;
    if (level === LockLevel.shared) return this.#acquireShared();
    if (level === LockLevel.reserved) {
      if (!this.#ranges.tryExclusive(this.#fd, RESERVED_BYTE, 1)) return false;
      this.level = level;
      return true;
    }
    const takesPending =
      this.level === LockLevel.reserved || (this.#isOld && this.level < LockLevel.reserved);
    if (takesPending && !this.#ranges.tryExclusive(this.#fd, PENDING_BYTE, 1)) return false;
    this.level = LockLevel.pending;
    this.#unlockIfHeld(SHARED_FIRST, SHARED_SIZE_BYTES);
    if (this.#ranges.tryExclusive(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES)) {
      this.level = level;
      return true;
    }
    this.#ranges.tryShared(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES);
    return false;
  }

  #acquireShared(): boolean {
    const pending = this.#isOld
      ? this.#ranges.tryExclusive(this.#fd, PENDING_BYTE, 1)
      : this.#ranges.tryShared(this.#fd, PENDING_BYTE, 1);
    if (!pending) return false;
    const granted = this.#ranges.tryShared(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES);
    this.#ranges.unlock(this.#fd, PENDING_BYTE, 1);
    if (granted) this.level = LockLevel.shared;
    return granted;
  }

  release(level: LockLevel): void {
    const before = this.level;
    if (level >= before) return;
    if (before === LockLevel.exclusive) {
      this.#ranges.unlock(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES);
      if (level === LockLevel.shared && !this.#ranges.tryShared(this.#fd, SHARED_FIRST, SHARED_SIZE_BYTES))
        throw new Error('native SQLite did not get its read lock back');
    }
    if (before >= LockLevel.reserved) this.#unlockIfHeld(RESERVED_BYTE, 1);
    if (level === LockLevel.none) this.#unlockIfHeld(SHARED_FIRST, SHARED_SIZE_BYTES);
    if (before >= LockLevel.pending) this.#unlockIfHeld(PENDING_BYTE, 1);
    this.level = level;
  }

  /** SQLite ignores the failure. */
  #unlockIfHeld(offset: number, lengthBytes: number): void {
    try {
      this.#ranges.unlock(this.#fd, offset, lengthBytes);
    } catch (error) {
      if (!(error instanceof NotLockedError)) throw error;
    }
  }

  reserved(): boolean {
    return this.level > LockLevel.shared;
  }
}

const CONNECTIONS = ['ours', 'ours', 'native', 'native', 'old native'] as const;

/** Connections to one file, each its own program: all but one may act whenever that one calls the system. */
class Programs {
  readonly #locks: readonly DatabaseLock[];
  readonly model: LockFileEx;
  readonly #others: Step[];
  /** The level that a connection in the middle of something has at most, for it may have given up more already. */
  readonly #busy: Map<number, LockLevel> = new Map();

  constructor(others: readonly Step[]) {
    this.#others = [...others];
    this.model = new LockFileEx(
      () => 1,
      () => {
        const step = this.#others.shift();
        if (step) this.act(step);
      },
    );
    const ours = windowsRangeLocks(this.model.ranges);
    this.#locks = CONNECTIONS.map((kind, fd) =>
      kind === 'ours'
        ? new ByteRangeLock(fd, ours)
        : new NativeLock(fd, this.model.ranges, kind === 'old native'),
    );
  }

  /** Does what SQLite may do with a connection, unless it is in the middle of something. */
  act({ connection, wanted }: Step): void {
    const lock = this.#locks[connection];
    if (!lock || this.#busy.has(connection)) return;
    const raises = wanted > lock.level;
    // SQLite asks for shared first, and lowers a level to shared or none.
    const level = raises && lock.level === LockLevel.none ? LockLevel.shared : wanted;
    if (level === LockLevel.pending || (!raises && level > LockLevel.shared)) return;
    const isRollback = lock.level === LockLevel.shared && level === LockLevel.exclusive;
    // Native SQLite looks whether the journal is a writer's, and we do not.
    if (isRollback && CONNECTIONS[connection] !== 'ours' && this.#isReserved()) return;
    this.#busy.set(connection, isRollback ? LockLevel.none : raises ? lock.level : level);
    try {
      if (!raises) lock.release(level);
      // A rollback that is refused gives up everything.
      else if (!lock.acquire(level) && isRollback) lock.release(LockLevel.none);
      if (CONNECTIONS[connection] === 'ours') this.#assertHeld(connection);
    } finally {
      this.#busy.delete(connection);
    }
    this.assertExcluding();
  }

  #isReserved(): boolean {
    return CONNECTIONS.some((_, fd) => this.model.heldBy(fd).includes(`${RESERVED_BYTE}+1 write`));
  }

  assertExcluding(): void {
    const levels = this.#locks.map(({ level }, connection) =>
      Math.min(level, this.#busy.get(connection) ?? level),
    );
    const writers = levels.filter((level) => level === LockLevel.reserved || level === LockLevel.pending);
    const owners = levels.filter((level) => level === LockLevel.exclusive);
    const readers = levels.filter((level) => level >= LockLevel.shared);
    if (owners.length > 0 && readers.length > 1) throw new Error(`one writes, others read: ${levels.join()}`);
    if (levels.filter((level) => level === LockLevel.reserved).length > 1)
      throw new Error(`two intend to write: ${levels.join()}`);
    if (writers.filter((level) => level === LockLevel.pending).length > 1)
      throw new Error(`two are about to write: ${levels.join()}`);
  }

  /** What a connection holds at the system is what its level says. */
  #assertHeld(connection: number): void {
    const level = this.#locks[connection]?.level ?? LockLevel.none;
    const held = this.model.heldBy(connection).toSorted().join();
    const shared = level === LockLevel.exclusive ? SHARED.replace('read', 'write') : SHARED;
    const [pending, reserved] = [`${PENDING_BYTE}+1 write`, `${RESERVED_BYTE}+1 write`];
    const expected: Record<LockLevel, readonly string[][]> = {
      [LockLevel.none]: [[]],
      [LockLevel.shared]: [[shared]],
      [LockLevel.reserved]: [[reserved, shared]],
      [LockLevel.pending]: [[pending, reserved, shared]],
      // A rollback does without the reserved byte.
      [LockLevel.exclusive]: [
        [pending, reserved, shared],
        [pending, shared],
      ],
    };
    if (!expected[level].some((ranges) => ranges.join() === held))
      throw new Error(`level ${level} holds ${held}`);
  }
}

interface Step {
  readonly connection: number;
  readonly wanted: LockLevel;
}

const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      connection: fc.nat({ max: CONNECTIONS.length - 1 }),
      wanted: fc.constantFrom(...Object.values(LockLevel)),
    }),
    { maxLength },
  );

it('exclude each other and native SQLite, whatever others do between two calls of the system', () => {
  const property = fc.property(steps(30), steps(40), (order, others) => {
    const programs = new Programs(others);
    for (const step of order) programs.act(step);
  });
  expect(fc.check(property, { numRuns: 2_000 })).toMatchObject({ failed: false });
});

it('two that roll back the same journal both keep their read lock, and one of them wins when the other leaves', () => {
  const model = new LockFileEx(() => 1);
  const ranges = windowsRangeLocks(model.ranges);
  const [first, second] = [new ByteRangeLock(1, ranges), new ByteRangeLock(2, ranges)];
  for (const lock of [first, second]) expect(lock.acquire(LockLevel.shared)).toBe(true);
  expect(first.acquire(LockLevel.exclusive)).toBe(false);
  expect(second.acquire(LockLevel.exclusive)).toBe(false);
  for (const fd of [1, 2]) expect(model.heldBy(fd)).toContain(`${SHARED_FIRST}+${SHARED_SIZE_BYTES} read`);
  second.release(LockLevel.none);
  expect(first.acquire(LockLevel.exclusive)).toBe(true);
  first.release(LockLevel.none);
  expect(model.heldBy(1)).toEqual([]);
});

/** Calls `act` once, when the first descriptor has given its read lock up and does not have the write lock yet. */
function meanwhile(act: () => void): { readonly model: LockFileEx; readonly ranges: RangeLocks } {
  let isDone = false;
  let held: readonly string[] = [];
  const model: LockFileEx = new LockFileEx(
    () => 1,
    () => {
      const before = held;
      held = model.heldBy(1);
      if (isDone || !before.includes(SHARED) || held.includes(SHARED)) return;
      isDone = true;
      act();
    },
  );
  return { model, ranges: windowsRangeLocks(model.ranges) };
}

it('a writer without its read lock keeps out one that takes its journal for hot', () => {
  const granted: boolean[] = [];
  const { model, ranges } = meanwhile(() => granted.push(reader.acquire(LockLevel.exclusive)));
  const [writer, reader] = [new ByteRangeLock(1, ranges), new ByteRangeLock(2, ranges)];
  for (const level of [LockLevel.shared, LockLevel.reserved]) expect(writer.acquire(level)).toBe(true);
  expect(reader.acquire(LockLevel.shared)).toBe(true);
  expect(writer.acquire(LockLevel.exclusive)).toBe(false);
  expect(granted).toEqual([false]);
  expect(model.heldBy(1)).toContain(SHARED);
  reader.release(LockLevel.none);
  expect(writer.acquire(LockLevel.exclusive)).toBe(true);
});

it('a rollback that loses its read lock to native SQLite is refused', () => {
  const { model, ranges } = meanwhile(() => native.acquire(LockLevel.exclusive));
  const ours = new ByteRangeLock(1, ranges);
  const native = new NativeLock(2, model.ranges, false);
  for (const lock of [ours, native]) expect(lock.acquire(LockLevel.shared)).toBe(true);
  expect(ours.acquire(LockLevel.exclusive)).toBe(false);
  expect(native.level).toBe(LockLevel.exclusive);
  ours.release(LockLevel.none);
  expect(model.heldBy(1)).toEqual([]);
});

it('a journal is looked at only under a lock, so that nobody deletes it meanwhile', async () => {
  const model = new LockFileEx((fd) => fs.fstatSync(fd).ino);
  const open: Set<number> = new Set();
  const calls = { locked: 0, unlocked: 0 };
  const count = (name: string): void => {
    if (!name.endsWith('-journal')) return;
    calls[[...open].some((fd) => model.heldBy(fd).length > 0) ? 'locked' : 'unlocked']++;
  };
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    openSync(name, flags, mode) {
      count(name);
      const fd = fs.openSync(name, flags, mode);
      open.add(fd);
      return fd;
    },
    closeSync(fd) {
      open.delete(fd);
      fs.closeSync(fd);
    },
    statSync(name, options) {
      count(name);
      return fs.statSync(name, options);
    },
    unlinkSync(name) {
      count(name);
      fs.unlinkSync(name);
    },
  };
  const file = path.join(temporaryFolder(), 'data.db');
  for (const columns of ['a', 'a, b']) {
    const rangeLocks = windowsRangeLocks(model.ranges);
    const opened = await openDatabase(fileStorage(file, { fileSystem, rangeLocks }));
    opened.database.exec(`DROP TABLE IF EXISTS t; CREATE TABLE t(${columns})`);
    opened.close();
    // As a connection leaves it that keeps its journal.
    fs.writeFileSync(`${file}-journal`, new Uint8Array(512));
  }
  expect(calls.locked).toBeGreaterThan(0);
  expect(calls.unlocked).toBe(0);
});

it.each([
  ['grant every lock', () => true],
  ['refuse every lock', () => false],
])('are refused when they %s', (_, answer) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sqljs-vfs-'));
  const native = { name: 'broken', tryShared: answer, tryExclusive: answer, unlock: () => undefined };
  try {
    expect(() =>
      fileStorage(path.join(folder, 'data.db'), { rangeLocks: windowsRangeLocks(native) }),
    ).toThrow(expect.objectContaining({ code: 'LOCKS_UNAVAILABLE' }) as Error);
    expect(fs.readdirSync(folder)).toEqual([]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
