/** Promise 8: the locking protocol between two and three handles. */
import { LockLevel } from '../../contract/database-lock.ts';
import type { StorageFile } from '../../contract/storage.ts';
import type { StorageCase, StorageScene } from '../storage-case.ts';

const { none, shared, reserved, pending, exclusive } = LockLevel;

/** Raises a handle to a level the way SQLite does, one step after the other. */
function raise(file: StorageFile, level: LockLevel): boolean {
  if (level >= shared && !file.lock(shared)) return false;
  if (level >= reserved && !file.lock(reserved)) return false;
  return level < pending || file.lock(exclusive);
}

function handles(scene: StorageScene): [StorageFile, StorageFile, StorageFile] {
  return [scene.file(), scene.file(), scene.file()];
}

/** For each level one handle holds: which levels another one is granted. */
const MATRIX: readonly { held: LockLevel; granted: readonly LockLevel[]; refused: readonly LockLevel[] }[] = [
  { held: none, granted: [shared, reserved, exclusive], refused: [] },
  { held: shared, granted: [shared, reserved], refused: [exclusive] },
  { held: reserved, granted: [shared], refused: [reserved, exclusive] },
  { held: exclusive, granted: [], refused: [shared, reserved, exclusive] },
];

export const lockCases: readonly StorageCase[] = [
  {
    title: 'promise 8: what one handle holds decides what another is granted',
    run(scene) {
      for (const { held, granted, refused } of MATRIX) {
        for (const asked of [shared, reserved, exclusive] as const) {
          const [first, second] = handles(scene);
          scene.expect(raise(first, held)).toBe(true);
          const expected = granted.includes(asked);
          scene.expect(expected).not.toBe(refused.includes(asked));
          scene.expect(raise(second, asked), `held ${held}, asked ${asked}`).toBe(expected);
          second.unlock(none);
          first.unlock(none);
          scene.expect(raise(second, exclusive), `after held ${held}, asked ${asked}`).toBe(true);
          second.unlock(none);
        }
      }
    },
  },
  {
    title: 'promise 8: a writer waiting for readers lets no new one in',
    run(scene) {
      const [writer, reader, late] = handles(scene);
      raise(reader, shared);
      scene.expect(raise(writer, exclusive)).toBe(false);
      scene.expect(late.lock(shared)).toBe(false);
      scene.expect(reader.lock(reserved)).toBe(false);
      reader.unlock(none);
      scene.expect(late.lock(shared)).toBe(false);
      scene.expect(writer.lock(exclusive)).toBe(true);
      writer.unlock(none);
      scene.expect(late.lock(shared)).toBe(true);
    },
  },
  {
    title: 'promise 8: a writer gets the file only when the last reader has left',
    run(scene) {
      const [writer, first, second] = handles(scene);
      raise(first, shared);
      raise(second, shared);
      scene.expect(raise(writer, exclusive)).toBe(false);
      first.unlock(none);
      scene.expect(writer.lock(exclusive)).toBe(false);
      second.unlock(none);
      scene.expect(writer.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a writer that gives up waiting lets readers and writers in again',
    run(scene) {
      const [writer, reader, other] = handles(scene);
      raise(reader, shared);
      scene.expect(raise(writer, exclusive)).toBe(false);
      writer.unlock(shared);
      scene.expect(raise(other, reserved)).toBe(true);
      other.unlock(none);
      writer.unlock(none);
      reader.unlock(none);
      scene.expect(raise(other, exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: a writer that steps down to shared lets readers in and keeps its own place among them',
    run(scene) {
      const [writer, reader, other] = handles(scene);
      raise(writer, exclusive);
      writer.unlock(shared);
      scene.expect(reader.lock(shared)).toBe(true);
      scene.expect(raise(other, reserved)).toBe(true);
      reader.unlock(none);
      scene.expect(other.lock(exclusive)).toBe(false);
      writer.unlock(none);
      scene.expect(other.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: whoever rolls a hot journal back goes from shared to exclusive when alone',
    run(scene) {
      const [recoverer, reader] = handles(scene);
      recoverer.lock(shared);
      scene.expect(recoverer.lock(exclusive)).toBe(true);
      scene.expect(reader.lock(shared)).toBe(false);
      recoverer.unlock(shared);
      scene.expect(reader.lock(shared)).toBe(true);
    },
  },
  {
    title: 'promise 8: two who want to roll a hot journal back refuse each other, and neither is stuck',
    run(scene) {
      const [first, second] = handles(scene);
      first.lock(shared);
      second.lock(shared);
      scene.expect(first.lock(exclusive)).toBe(false);
      scene.expect(second.lock(exclusive)).toBe(false);
      first.unlock(none);
      second.unlock(none);
      scene.expect(second.lock(shared)).toBe(true);
      scene.expect(second.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: nobody rolls a journal back while its writer lives',
    run(scene) {
      const [writer, recoverer] = handles(scene);
      raise(writer, reserved);
      scene.expect(recoverer.lock(shared)).toBe(true);
      scene.expect(recoverer.lock(exclusive)).toBe(false);
      recoverer.unlock(none);
      scene.expect(writer.lock(exclusive)).toBe(true);
    },
  },
  {
    title: 'promise 8: asking for what one holds, or for less, changes nothing',
    run(scene) {
      const [first, second] = handles(scene);
      raise(first, exclusive);
      for (const level of [shared, reserved, exclusive] as const) scene.expect(first.lock(level)).toBe(true);
      scene.expect(second.lock(shared)).toBe(false);
      first.unlock(exclusive);
      scene.expect(second.lock(shared)).toBe(false);
    },
  },
  {
    title: 'promise 8: closing a handle frees its locks',
    run(scene) {
      for (const level of [shared, reserved, exclusive] as const) {
        const [first, second] = handles(scene);
        raise(first, level);
        first.close();
        scene.expect(raise(second, exclusive), `closed at ${level}`).toBe(true);
        second.close();
      }
    },
  },
  {
    title: 'promise 8: closing another handle of the same file frees nothing',
    run(scene) {
      const [holder, bystander, other] = handles(scene);
      raise(holder, exclusive);
      bystander.close();
      scene.file('main', { create: false, readOnly: true }).close();
      scene.expect(other.lock(shared)).toBe(false);
    },
  },
  {
    title: 'promise 8: a handle knows of its own reserved lock',
    run(scene) {
      const [file] = handles(scene);
      file.lock(shared);
      scene.expect(file.reserved()).toBe(false);
      file.lock(reserved);
      scene.expect(file.reserved()).toBe(true);
      file.lock(exclusive);
      scene.expect(file.reserved()).toBe(true);
      file.unlock(shared);
      scene.expect(file.reserved()).toBe(false);
    },
  },
];
