/** Promises 6, 7, 9 and 10: names, ways to open, and how long content lives. */
import { type StorageCase, patternBytes, thrownBy } from '../storage-case.ts';

export const nameCases: readonly StorageCase[] = [
  {
    title: 'promise 6: a missing file and an empty one do not exist, one byte does',
    run(scene) {
      scene.expect(scene.storage().exists('journal')).toBe(false);
      const file = scene.file('journal');
      scene.expect(scene.storage().exists('journal')).toBe(false);
      file.write(patternBytes(1), 0);
      scene.expect(scene.storage().exists('journal')).toBe(true);
      scene.expect(scene.storage().exists('main')).toBe(false);
      file.truncate(0);
      scene.expect(scene.storage().exists('journal')).toBe(false);
    },
  },
  {
    title: 'promise 7: deleting a missing file throws ENOENT',
    run(scene) {
      for (const syncDirectory of [false, true]) {
        const error = thrownBy(() => scene.storage().delete('journal', { syncDirectory }));
        scene.expect(error.code).toBe('ENOENT');
      }
    },
  },
  {
    title: 'promise 7: a deleted file is gone, the others stay, and its name can be used again',
    run(scene) {
      for (const syncDirectory of [false, true]) {
        scene.file('main').write(patternBytes(100), 0);
        const journal = scene.file('journal');
        journal.write(patternBytes(200), 0);
        journal.close();
        scene.storage().delete('journal', { syncDirectory });
        scene.expect(scene.storage().exists('journal')).toBe(false);
        scene.expect(scene.bytes('main')).toEqual(patternBytes(100));
        scene.expect(scene.file('journal').sizeBytes()).toBe(0);
        scene.storage().delete('journal', { syncDirectory });
      }
    },
  },
  {
    title: 'promise 7: an empty file can be deleted, once',
    run(scene) {
      scene.file('journal').close();
      scene.storage().delete('journal', { syncDirectory: false });
      const error = thrownBy(() => scene.storage().delete('journal', { syncDirectory: false }));
      scene.expect(error.code).toBe('ENOENT');
    },
  },
  {
    title: 'promise 9: opening a missing file without making it throws, and makes nothing',
    run(scene) {
      scene.expect(thrownBy(() => scene.file('main', { create: false })).code).toBe('ENOENT');
      scene.expect(thrownBy(() => scene.file('main', { create: false })).code).toBe('ENOENT');
      scene.expect(thrownBy(() => scene.file('main', { readOnly: true })).code).toBe('ENOENT');
    },
  },
  {
    title: 'promise 9: making a file exclusively refuses one that exists, whatever its size',
    run(scene) {
      const file = scene.file('journal', { exclusive: true });
      scene.expect(thrownBy(() => scene.file('journal', { exclusive: true })).code).toBe('EEXIST');
      file.write(patternBytes(100), 0);
      scene.expect(thrownBy(() => scene.file('journal', { exclusive: true })).code).toBe('EEXIST');
      scene.expect(scene.bytes('journal')).toEqual(patternBytes(100));
    },
  },
  {
    title: 'promise 9: opening to make a file keeps one that exists',
    run(scene) {
      scene.file().write(patternBytes(100), 0);
      scene.expect(scene.file('main', { create: true }).sizeBytes()).toBe(100);
    },
  },
  {
    title: 'promise 9: a read-only handle says so, reads, and refuses to write',
    run(scene) {
      const writer = scene.file();
      writer.write(patternBytes(100), 0);
      scene.expect(writer.readOnly).toBe(false);
      const reader = scene.file('main', { create: false, readOnly: true });
      scene.expect(reader.readOnly).toBe(true);
      const target = new Uint8Array(100);
      scene.expect(reader.read(target, 0)).toBe(100);
      scene.expect(target).toEqual(patternBytes(100));
      thrownBy(() => reader.write(patternBytes(1, 2), 0));
      thrownBy(() => reader.truncate(0));
      scene.expect(scene.bytes()).toEqual(patternBytes(100));
    },
  },
  {
    title: 'promise 10: a new storage on the same place sees the content after everything was closed',
    run(scene) {
      const file = scene.file();
      file.write(patternBytes(5000), 0);
      file.sync();
      file.close();
      scene.expect(scene.storage().exists('main')).toBe(true);
      scene.expect(scene.bytes()).toEqual(patternBytes(5000));
    },
  },
  {
    title: 'promise 10: what a storage says of itself fits together and does not change',
    async run(scene) {
      const storage = scene.storage();
      const before = structuredClone(storage.capabilities);
      const { persistent, multiProcess, syncSurvives, kind, lockProvider } = before;
      scene.expect(persistent).toBe(syncSurvives !== 'nothing');
      scene.expect(multiProcess && !persistent).toBe(false);
      scene.expect(kind.length * lockProvider.length).toBeGreaterThan(0);
      const database = await scene.database({}, storage);
      database.database.run('CREATE TABLE t(x)');
      database.close();
      scene.expect(storage.capabilities).toEqual(before);
      scene.expect(scene.storage().capabilities).toEqual(before);
      scene.expect(storage.name).toBe(scene.storage().name);
    },
  },
];
