/** Promises 1 to 5: the bytes of a file. */
import type { StorageFile } from '../../contract/storage.ts';
import { type StorageCase, allZero, patternBytes } from '../storage-case.ts';

const GIB = 2 ** 30;

function readAt(file: StorageFile, offset: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  return bytes.subarray(0, file.read(bytes, offset));
}

export const contentCases: readonly StorageCase[] = [
  {
    title: 'promise 1: every handle, also the writer, reads written bytes at once',
    run(context) {
      const writer = context.file();
      const reader = context.file();
      writer.write(patternBytes(5000), 0);
      context.expect(readAt(writer, 0, 5000)).toEqual(patternBytes(5000));
      context.expect(readAt(reader, 0, 5000)).toEqual(patternBytes(5000));
      context.expect(reader.sizeBytes()).toBe(5000);
      reader.write(patternBytes(10, 2), 4995);
      context.expect(readAt(writer, 4995, 100)).toEqual(patternBytes(10, 2));
    },
  },
  {
    title: 'promise 1: overwriting the middle keeps the bytes around it',
    run(context) {
      const file = context.file();
      file.write(patternBytes(8192), 0);
      file.write(patternBytes(100, 2), 4000);
      const expected = patternBytes(8192);
      expected.set(patternBytes(100, 2), 4000);
      context.expect(readAt(file, 0, 8192)).toEqual(expected);
      context.expect(file.sizeBytes()).toBe(8192);
    },
  },
  {
    title: 'promise 1: a written buffer is copied, not referenced',
    run(context) {
      const file = context.file();
      const source = patternBytes(100);
      file.write(source, 0);
      source.fill(0);
      context.expect(readAt(file, 0, 100)).toEqual(patternBytes(100));
    },
  },
  {
    title: 'promise 1: writes and reads respect the bounds of a view on a larger buffer',
    run(context) {
      const file = context.file();
      file.write(patternBytes(300).subarray(100, 200), 0);
      const buffer = new Uint8Array(300).fill(7);
      context.expect(file.read(buffer.subarray(100, 200), 0)).toBe(100);
      const expected = new Uint8Array(300).fill(7);
      expected.set(patternBytes(300).subarray(100, 200), 100);
      context.expect(buffer).toEqual(expected);
    },
  },
  {
    title: 'promise 1: files with different roles are different files',
    run(context) {
      for (const [index, role] of (['main', 'journal', 'wal'] as const).entries()) {
        context.file(role).write(patternBytes(100 + index, index), 0);
      }
      for (const [index, role] of (['main', 'journal', 'wal'] as const).entries()) {
        context.expect(context.bytes(role)).toEqual(patternBytes(100 + index, index));
      }
    },
  },
  {
    title: 'promise 2: a new file is empty',
    run(context) {
      const file = context.file();
      context.expect(file.sizeBytes()).toBe(0);
      context.expect(file.read(new Uint8Array(10), 0)).toBe(0);
    },
  },
  {
    title: 'promise 2: a read across the end returns the bytes before it',
    run(context) {
      const file = context.file();
      file.write(patternBytes(1000), 0);
      const target = new Uint8Array(100).fill(9);
      context.expect(file.read(target, 950)).toBe(50);
      context.expect(target.subarray(0, 50)).toEqual(patternBytes(1000).subarray(950));
      context.expect(target.subarray(50)).toEqual(new Uint8Array(50).fill(9));
    },
  },
  {
    title: 'promise 2: a read past the end returns 0 and leaves the buffer alone',
    run(context) {
      const file = context.file();
      file.write(patternBytes(1000), 0);
      const target = new Uint8Array(100).fill(9);
      context.expect(file.read(target, 1000)).toBe(0);
      context.expect(file.read(target, 50_000)).toBe(0);
      context.expect(target).toEqual(new Uint8Array(100).fill(9));
      context.expect(file.sizeBytes()).toBe(1000);
    },
  },
  {
    title: 'promise 3: a write past the end extends the file, and the gap reads as zeros',
    run(context) {
      const file = context.file();
      file.write(patternBytes(100), 0);
      file.write(patternBytes(100, 2), 20_000);
      context.expect(file.sizeBytes()).toBe(20_100);
      context.expect(allZero(readAt(file, 100, 19_900))).toBe(true);
      context.expect(readAt(file, 20_000, 200)).toEqual(patternBytes(100, 2));
    },
  },
  {
    title: 'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros',
    run(context) {
      const file = context.file();
      file.write(patternBytes(4096), GIB - 4096);
      file.write(patternBytes(4096, 2), GIB + 4096);
      context.expect(allZero(readAt(file, GIB, 4096))).toBe(true);
      context.expect(readAt(file, GIB - 4096, 4096)).toEqual(patternBytes(4096));
      context.expect(readAt(file, GIB + 4096, 8192)).toEqual(patternBytes(4096, 2));
    },
  },
  {
    title: 'promise 3: offsets beyond 4 GiB are not truncated to 32 bits',
    run(context) {
      const file = context.file();
      file.write(patternBytes(100), 0);
      file.write(patternBytes(100, 2), 5 * GIB);
      context.expect(file.sizeBytes()).toBe(5 * GIB + 100);
      context.expect(readAt(file, 5 * GIB, 200)).toEqual(patternBytes(100, 2));
      context.expect(readAt(file, GIB, 100)).toEqual(new Uint8Array(100));
      context.expect(readAt(file, 0, 100)).toEqual(patternBytes(100));
      file.truncate(4 * GIB + 1);
      context.expect(file.sizeBytes()).toBe(4 * GIB + 1);
    },
  },
  {
    title: 'promise 4: truncating discards the rest for good',
    run(context) {
      const file = context.file();
      const other = context.file();
      file.write(patternBytes(10_000), 0);
      file.truncate(4000);
      context.expect(file.sizeBytes()).toBe(4000);
      context.expect(other.sizeBytes()).toBe(4000);
      context.expect(readAt(other, 0, 10_000)).toEqual(patternBytes(10_000).subarray(0, 4000));
      file.write(patternBytes(1), 9999);
      context.expect(allZero(readAt(file, 4000, 5999))).toBe(true);
    },
  },
  {
    title: 'promise 4: truncating to a larger size adds zeros',
    run(context) {
      const file = context.file();
      file.write(patternBytes(100), 0);
      file.truncate(0);
      file.truncate(5000);
      context.expect(readAt(file, 0, 6000)).toEqual(new Uint8Array(5000));
    },
  },
  {
    title: 'promise 5: a new storage finds synced bytes, even when the file was never closed',
    run(context) {
      const file = context.file();
      file.write(patternBytes(5000), 0);
      file.sync();
      context.expect(context.bytes()).toEqual(patternBytes(5000));
    },
  },
  {
    title: 'promise 5: syncing without changes does nothing',
    run(context) {
      const file = context.file('journal');
      file.sync();
      file.write(patternBytes(512), 0);
      file.sync();
      file.sync();
      context.expect(context.bytes('journal')).toEqual(patternBytes(512));
    },
  },
];
