/** Order of syncs and names: what has its name survives a loss of power, content first. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { nodeFileSystem } from '../../../sqljs-vfs/src/storages/node-file/file-system.node.ts';
import { restoreToNewFile } from '../../src/index.ts';
import { openFilled } from '../support/filled-database.ts';
import { createTestDatabase } from '../support/test-database.ts';

/** A sync of the file or folder with an inode number, or a name that was given. */
type Step = { readonly synced: number } | { readonly named: string };

afterEach(() => void vi.restoreAllMocks());

/** Lists the syncs and the names given, in order, from now on. */
function observeSteps(): Step[] {
  const steps: Step[] = [];
  const { fsync, renameSync, linkSync } = fs;
  const { fsyncSync } = nodeFileSystem;
  const noteSync = (fd: number): void => void steps.push({ synced: fs.fstatSync(fd).ino });
  vi.spyOn(fs, 'fsync').mockImplementation((fd, done) => {
    fsync(fd, (error) => {
      if (!error) noteSync(fd);
      done(error);
    });
  });
  vi.spyOn(nodeFileSystem, 'fsyncSync').mockImplementation((fd) => {
    fsyncSync(fd);
    noteSync(fd);
  });
  vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    renameSync(from, to);
    steps.push({ named: String(to) });
  });
  vi.spyOn(fs, 'linkSync').mockImplementation((from, to) => {
    linkSync(from, to);
    steps.push({ named: String(to) });
  });
  return steps;
}

/** Splits the synced inodes at the moment when a target got its name. */
function aroundNaming(steps: readonly Step[], target: string): { before: number[]; after: number[] } {
  const naming = steps.findIndex((step) => 'named' in step && step.named === target);
  expect(naming).toBeGreaterThan(-1);
  const synced = (part: readonly Step[]): number[] =>
    part.flatMap((step) => ('synced' in step ? [step.synced] : []));
  return { before: synced(steps.slice(0, naming)), after: synced(steps.slice(naming)) };
}

const inodeOf = (file: string): number => fs.statSync(file).ino;

it('a backup is synced with its folder before it gets its name, and the name after', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const directory = database.path('backup');
  const steps = observeSteps();
  const { manifest } = await db.exportBackup({ directory });
  const { before, after } = aroundNaming(steps, directory);
  const files = fs.readdirSync(directory);
  expect(files).toHaveLength(manifest.files.length + 1);
  for (const name of files)
    expect([name, before]).toEqual([name, expect.arrayContaining([inodeOf(path.join(directory, name))])]);
  // The folder comes after its last file.
  expect(before.at(-1)).toBe(inodeOf(directory));
  expect(after).toContain(inodeOf(database.folder));
});

it('an export is synced before it gets its name, and the name after', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const output = database.path('audit.json');
  const steps = observeSteps();
  await db.exportAuditTrail({ output });
  const { before, after } = aroundNaming(steps, output);
  expect(before).toContain(inodeOf(output));
  expect(after).toContain(inodeOf(database.folder));
});

it('the name of a restored file is synced', async () => {
  const database = createTestDatabase();
  const db = await openFilled(database);
  const directory = database.path('backup');
  await db.exportBackup({ directory });
  const target = database.path('new.db');
  const steps = observeSteps();
  await restoreToNewFile({ storage: 'file', path: target }, { directory });
  expect(aroundNaming(steps, target).after).toContain(inodeOf(database.folder));
});
