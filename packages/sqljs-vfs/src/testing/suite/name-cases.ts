/** Promises 6, 7, 9 and 10: names, open modes, and the lifetime of content. */
import { type StorageCase, patternBytes, thrownBy } from '../storage-case.ts';

export const nameCases: readonly StorageCase[] = [
  {
    title: 'promise 6: a missing or empty file does not exist, a file of one byte does',
    run(context) {
      context.expect(context.storage().exists('journal')).toBe(false);
      const file = context.file('journal');
      context.expect(context.storage().exists('journal')).toBe(false);
      file.write(patternBytes(1), 0);
      context.expect(context.storage().exists('journal')).toBe(true);
      context.expect(context.storage().exists('main')).toBe(false);
      file.truncate(0);
      context.expect(context.storage().exists('journal')).toBe(false);
    },
  },
  {
    title: 'promise 7: deleting a missing file throws ENOENT',
    run(context) {
      for (const syncDirectory of [false, true]) {
        const error = thrownBy(() => context.storage().delete('journal', { syncDirectory }));
        context.expect(error.code).toBe('ENOENT');
      }
    },
  },
  {
    title: 'promise 7: deleting removes one file, and its name can be used again',
    run(context) {
      for (const syncDirectory of [false, true]) {
        context.file('main').write(patternBytes(100), 0);
        const journal = context.file('journal');
        journal.write(patternBytes(200), 0);
        journal.close();
        context.storage().delete('journal', { syncDirectory });
        context.expect(context.storage().exists('journal')).toBe(false);
        context.expect(context.bytes('main')).toEqual(patternBytes(100));
        const again = context.file('journal');
        context.expect(again.sizeBytes()).toBe(0);
        again.close();
        context.storage().delete('journal', { syncDirectory });
      }
    },
  },
  {
    title: 'promise 7: an empty file can be deleted, once',
    run(context) {
      context.file('journal').close();
      context.storage().delete('journal', { syncDirectory: false });
      const error = thrownBy(() => context.storage().delete('journal', { syncDirectory: false }));
      context.expect(error.code).toBe('ENOENT');
    },
  },
  {
    title: 'promise 9: opening a missing file without `create` throws and creates nothing',
    run(context) {
      context.expect(thrownBy(() => context.file('main', { create: false })).code).toBe('ENOENT');
      context.expect(thrownBy(() => context.file('main', { create: false })).code).toBe('ENOENT');
      context.expect(thrownBy(() => context.file('main', { readOnly: true })).code).toBe('ENOENT');
    },
  },
  {
    title: 'promise 9: an exclusive open fails if the file exists, whatever its size',
    run(context) {
      const file = context.file('journal', { exclusive: true });
      context.expect(thrownBy(() => context.file('journal', { exclusive: true })).code).toBe('EEXIST');
      file.write(patternBytes(100), 0);
      context.expect(thrownBy(() => context.file('journal', { exclusive: true })).code).toBe('EEXIST');
      context.expect(context.bytes('journal')).toEqual(patternBytes(100));
    },
  },
  {
    title: 'promise 9: opening with `create` keeps an existing file',
    run(context) {
      context.file().write(patternBytes(100), 0);
      context.expect(context.file('main', { create: true }).sizeBytes()).toBe(100);
    },
  },
  {
    title: 'promise 9: a read-only handle reports it, reads, and refuses to write',
    run(context) {
      const writer = context.file();
      writer.write(patternBytes(100), 0);
      context.expect(writer.readOnly).toBe(false);
      const reader = context.file('main', { create: false, readOnly: true });
      context.expect(reader.readOnly).toBe(true);
      const target = new Uint8Array(100);
      context.expect(reader.read(target, 0)).toBe(100);
      context.expect(target).toEqual(patternBytes(100));
      thrownBy(() => reader.write(patternBytes(1, 2), 0));
      thrownBy(() => reader.truncate(0));
      context.expect(context.bytes()).toEqual(patternBytes(100));
    },
  },
  {
    title: 'promise 10: a new storage finds the content after everything was closed',
    run(context) {
      const file = context.file();
      file.write(patternBytes(5000), 0);
      file.sync();
      file.close();
      context.expect(context.storage().exists('main')).toBe(true);
      context.expect(context.bytes()).toEqual(patternBytes(5000));
    },
  },
  {
    title: 'promise 10: the capabilities of a storage are consistent and do not change',
    async run(context) {
      const storage = context.storage();
      const before = structuredClone(storage.capabilities);
      const { persistent, multiProcess, syncSurvives, kind, lockProvider } = before;
      context.expect(persistent).toBe(syncSurvives !== 'nothing');
      context.expect(multiProcess && !persistent).toBe(false);
      context.expect(kind.length * lockProvider.length).toBeGreaterThan(0);
      const database = await context.database({}, storage);
      database.database.run('CREATE TABLE t(x)');
      database.close();
      context.expect(storage.capabilities).toEqual(before);
      context.expect(context.storage().capabilities).toEqual(before);
      context.expect(storage.name).toBe(context.storage().name);
    },
  },
];
