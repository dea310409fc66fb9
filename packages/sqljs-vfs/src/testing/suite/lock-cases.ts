/** Promise 8: the locking protocol between two and three handles. */
import { LockLevel } from '../../contract/database-lock.ts';
import type { StorageFile } from '../../contract/storage.ts';
import type { StorageCase, StorageTestContext } from '../storage-case.ts';

const { none, shared, reserved, pending, exclusive } = LockLevel;

/** Raises a handle to a level as SQLite does, step by step. */
function raise(file: StorageFile, level: LockLevel): boolean {
  if (level >= shared && !file.lock(shared)) return false;
  if (level >= reserved && !file.lock(reserved)) return false;
  return level < pending || file.lock(exclusive);
}

function handles(context: StorageTestContext): [StorageFile, StorageFile, StorageFile] {
  return [context.file(), context.file(), context.file()];
}

/** The levels that a second handle is granted and refused, by the level that the first holds. */
const MATRIX: readonly { held: LockLevel; granted: readonly LockLevel[]; refused: readonly LockLevel[] }[] = [
  { held: none, granted: [shared, reserved, exclusive], refused: [] },
  { held: shared, granted: [shared, reserved], refused: [exclusive] },
  { held: reserved, granted: [shared], refused: [reserved, exclusive] },
  { held: exclusive, granted: [], refused: [shared, reserved, exclusive] },
];

export const lockCases: readonly StorageCase[] = [
  {
    title: 'promise 8: the level of one handle decides the levels that another is granted',
    run(context) {
      for (const { held, granted, refused } of MATRIX) {
        for (const requested of [shared, reserved, exclusive] as const) {
          const [first, second] = handles(context);
          context.expect(raise(first, held)).toBe(true);
          const expected = granted.includes(requested);
          context.expect(expected).not.toBe(refused.includes(requested));
          context.expect(raise(second, requested), `held ${held}, requested ${requested}`).toBe(expected);
          second.unlock(none);
          first.unlock(none);
          context.expect(raise(second, exclusive), `after held ${held}, requested ${requested}`).toBe(true);
          second.unlock(none);
        }
      }
    },
  },
  {
    title: 'promise 8: a writer that waits for readers admits no new reader',
    run(context) {
      const [writer, reader, late] = handles(context);
      raise(reader, shared);
      context.expect(raise(writer, exclusive)).toBe(false);
      context.expect(late.lock(shared)).toBe(false);
      context.expect(reader.lock(reserved)).toBe(false);
      reader.unlock(none);
      context.expect(late.lock(shared)).toBe(false);
      context.expect(writer.lock(exclusive)).toBe(true);
      writer.unlock(none);
      context.expect(late.lock(shared)).toBe(true);
    },
  },
  {
    title: 'promise 8: a writer gets the file only when the last reader has left',
    run(context) {
      const [writer, first, second] = handles(context);
      raise(first, shared);
      raise(second, shared);
      context.expect(raise(writer, exclusive)).toBe(false);
      first.unlock(none);
      context.expect(writer.lock(exclusive)).toBe(false);
      second.unlock(none);
      context.expect(writer.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a writer that stops waiting admits readers and writers again',
    run(context) {
      const [writer, reader, other] = handles(context);
      raise(reader, shared);
      context.expect(raise(writer, exclusive)).toBe(false);
      writer.unlock(shared);
      context.expect(raise(other, reserved)).toBe(true);
      other.unlock(none);
      writer.unlock(none);
      reader.unlock(none);
      context.expect(raise(other, exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a writer that goes down to shared admits readers and remains a reader',
    run(context) {
      const [writer, reader, other] = handles(context);
      raise(writer, exclusive);
      writer.unlock(shared);
      context.expect(reader.lock(shared)).toBe(true);
      context.expect(raise(other, reserved)).toBe(true);
      reader.unlock(none);
      context.expect(other.lock(exclusive)).toBe(false);
      writer.unlock(none);
      context.expect(other.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a recovery goes from shared to exclusive when no other lock is held',
    run(context) {
      const [recoverer, reader] = handles(context);
      recoverer.lock(shared);
      context.expect(recoverer.lock(exclusive)).toBe(true);
      context.expect(reader.lock(shared)).toBe(false);
      recoverer.unlock(shared);
      context.expect(reader.lock(shared)).toBe(true);
    },
  },
  {
    title: 'promise 8: two recoveries refuse each other, and one succeeds after both unlock',
    run(context) {
      const [first, second] = handles(context);
      first.lock(shared);
      second.lock(shared);
      context.expect(first.lock(exclusive)).toBe(false);
      context.expect(second.lock(exclusive)).toBe(false);
      first.unlock(none);
      second.unlock(none);
      context.expect(second.lock(shared)).toBe(true);
      context.expect(second.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a journal is not rolled back while its writer holds a lock',
    run(context) {
      const [writer, recoverer] = handles(context);
      raise(writer, reserved);
      context.expect(recoverer.lock(shared)).toBe(true);
      context.expect(recoverer.lock(exclusive)).toBe(false);
      recoverer.unlock(none);
      context.expect(writer.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a request for the held level, or a lower one, changes nothing',
    run(context) {
      const [first, second] = handles(context);
      raise(first, exclusive);
      for (const level of [shared, reserved, exclusive] as const)
        context.expect(first.lock(level)).toBe(true);
      context.expect(second.lock(shared)).toBe(false);
      first.unlock(exclusive);
      context.expect(second.lock(shared)).toBe(false);
    },
  },
  {
    title: 'promise 8: closing a handle releases its locks',
    run(context) {
      for (const level of [shared, reserved, exclusive] as const) {
        const [first, second] = handles(context);
        raise(first, level);
        first.close();
        context.expect(raise(second, exclusive), `closed at ${level}`).toBe(true);
        second.close();
      }
    },
  },
  {
    title: 'promise 8: closing another handle of the same file releases nothing',
    run(context) {
      const [holder, bystander, other] = handles(context);
      raise(holder, exclusive);
      bystander.close();
      context.file('main', { create: false, readOnly: true }).close();
      context.expect(other.lock(shared)).toBe(false);
    },
  },
  {
    title: 'promise 8: a handle reports its own reserved lock',
    run(context) {
      const [file] = handles(context);
      file.lock(shared);
      context.expect(file.reserved()).toBe(false);
      file.lock(reserved);
      context.expect(file.reserved()).toBe(true);
      file.lock(exclusive);
      context.expect(file.reserved()).toBe(true);
      file.unlock(shared);
      context.expect(file.reserved()).toBe(false);
    },
  },
];
