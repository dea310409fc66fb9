/**
 * What a loss of power may leave of a disk. Only what a sync made safe is sure; of everything after it
 *
 * 1. each 512 bytes may have landed or not, whatever the order in which they were written (a disk writes a sector as
 *    a whole or not at all, and reorders as it likes);
 * 2. a file may have grown before its data landed: the new end then shows zeros or noise;
 * 3. the names in a folder change independently of each other, one name's changes in order.
 *
 * A disk that does not hide freed blocks may show in 2 what they held before, which is worse than noise: a whole
 * journal that was valid once.
 */
import type { GrowingBytes } from '../../../packages/sqljs-vfs/src/storages/memory/growing-bytes.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import {
  type DirectoryHistory,
  type DiskHistory,
  type FileHistory,
  type UnsafeChange,
  applyChange,
  applyName,
} from './disk-history.ts';
import type { DiskDirectory, DiskNode } from './disk-tree.ts';

const SECTOR_SIZE_BYTES = 512;

/** What lies where a file has grown and no data has landed. */
type Filler = (file: FileHistory, from: number, to: number, random: SeededRandom) => Uint8Array;

const FILLERS: Record<string, Filler> = {
  zeros: (_file, from, to) => new Uint8Array(to - from),
  noise: (_file, from, to, random) => Uint8Array.from({ length: to - from }, () => random.below(256)),
  former: (file, from, to) => {
    const bytes = new Uint8Array(to - from);
    file.former.read(bytes, from);
    return bytes;
  },
};

/** How the changes of a file that no sync made safe fare. */
type DataPolicy = (content: GrowingBytes, file: FileHistory, random: SeededRandom) => void;

const DATA_POLICIES: Record<string, DataPolicy> = {
  'nothing landed': () => undefined,
  'all landed': (content, file) => {
    for (const change of file.unsafe) applyChange(content, change);
  },
  'the first landed': (content, file, random) => {
    const landed = random.below(file.unsafe.length + 1);
    for (const change of file.unsafe.slice(0, landed)) applyChange(content, change);
    const cut = file.unsafe[landed];
    if (cut?.kind === 'write') landBeginning(content, cut, random);
  },
  'some landed': (content, file, random) => {
    const share = random.fraction();
    for (const change of file.unsafe) if (random.chance(share)) applyChange(content, change);
  },
  'all but one landed': (content, file, random) => {
    const lost = random.below(file.unsafe.length);
    for (const [index, change] of file.unsafe.entries()) if (index !== lost) applyChange(content, change);
  },
  'torn, zeros': (content, file, random) => tear(content, file, random, 'zeros'),
  'torn, noise': (content, file, random) => tear(content, file, random, 'noise'),
};

/** What comes on top of that where freed blocks keep old contents. */
const FREED_BLOCKS: Record<string, DataPolicy> = {
  'torn, former content': (content, file, random) => tear(content, file, random, 'former'),
};

/** How the changes of a folder that no sync made safe fare. */
type NamePolicy = (directory: DirectoryHistory, random: SeededRandom) => Map<string, DiskNode>;

const NAME_POLICIES: Record<string, NamePolicy> = {
  'old names': (directory) => new Map(directory.safe),
  'new names': (directory) => namesAfter(directory, () => Infinity),
  'some names': (directory, random) => namesAfter(directory, (changes) => random.below(changes + 1)),
};

const NAME_CHOICES: readonly string[] = Object.keys(NAME_POLICIES);

/** Tearing finds most, so it comes most often. */
function weighted(policies: Record<string, DataPolicy>): [string, DataPolicy][] {
  const entries = Object.entries(policies);
  const torn = entries.filter(([name]) => name.startsWith('torn'));
  return [...entries, ...torn, ...torn];
}

const DATA_CHOICES: readonly [string, DataPolicy][] = weighted(DATA_POLICIES);
const DATA_CHOICES_WITH_FREED_BLOCKS: readonly [string, DataPolicy][] = [
  ...DATA_CHOICES,
  ...Array.from({ length: DATA_CHOICES.length }, () => Object.entries(FREED_BLOCKS)).flat(),
];

/** A disk after a crash. */
export interface CrashImage {
  readonly root: DiskDirectory;
  /** How it came about, in words. */
  readonly policy: string;
}

/** One of the disks that a crash at this moment of the history may leave. */
export function crashImage(history: DiskHistory, random: SeededRandom): CrashImage {
  const choices = history.behaviour.hidesFreedBlocks ? DATA_CHOICES : DATA_CHOICES_WITH_FREED_BLOCKS;
  const [policy, data] = random.oneOf(choices);
  const names = random.oneOf(NAME_CHOICES);
  const fate: Fate = { data, names: NAME_POLICIES[names] as NamePolicy };
  return { root: directoryAfter(history, history.rootId, fate, random), policy: `${policy}, ${names}` };
}

interface Fate {
  readonly data: DataPolicy;
  readonly names: NamePolicy;
}

function directoryAfter(history: DiskHistory, id: number, fate: Fate, random: SeededRandom): DiskDirectory {
  const entries = [...fate.names(history.directory(id), random)].map(([name, node]): [string, DiskNode] => {
    if (node.kind === 'directory') return [name, directoryAfter(history, node.id, fate, random)];
    const file = history.file(node.id);
    const content = file.safe.copy();
    if (file.unsafe.length > 0) fate.data(content, file, random);
    return [name, { kind: 'file', id: node.id, content }];
  });
  return { kind: 'directory', id, entries: new Map(entries) };
}

function namesAfter(directory: DirectoryHistory, landed: (changes: number) => number): Map<string, DiskNode> {
  const names = new Map(directory.safe);
  for (const changed of new Set(directory.unsafe.map(({ name }) => name))) {
    const changes = directory.unsafe.filter(({ name }) => name === changed);
    for (const { name, node } of changes.slice(0, landed(changes.length))) applyName(names, name, node);
  }
  return names;
}

/** Of a write, the sectors before some point. */
function landBeginning(
  content: GrowingBytes,
  { bytes, offset }: Extract<UnsafeChange, { kind: 'write' }>,
  random: SeededRandom,
): void {
  const firstSector = Math.floor(offset / SECTOR_SIZE_BYTES);
  const end = offset + bytes.length;
  const sectors = Math.ceil(end / SECTOR_SIZE_BYTES) - firstSector;
  const cut = Math.min(end, (firstSector + random.below(sectors + 1)) * SECTOR_SIZE_BYTES);
  if (cut > offset) content.write(bytes.subarray(0, cut - offset), offset);
}

/** Of every write, each sector or not. */
function tear(content: GrowingBytes, file: FileHistory, random: SeededRandom, filler: string): void {
  const fill = FILLERS[filler] as Filler;
  const growTo = (sizeBytes: number): void => {
    const from = content.sizeBytes;
    if (sizeBytes > from) content.write(fill(file, from, sizeBytes, random), from);
  };
  const share = random.fraction();
  const growing = random.fraction();
  for (const change of file.unsafe) {
    if (change.kind === 'truncate') {
      if (random.chance(share)) applyChange(content, change);
      continue;
    }
    const end = change.offset + change.bytes.length;
    for (let at = change.offset; at < end;) {
      const sectorEnd = Math.min(end, at - (at % SECTOR_SIZE_BYTES) + SECTOR_SIZE_BYTES);
      if (random.chance(share)) {
        growTo(at);
        content.write(change.bytes.subarray(at - change.offset, sectorEnd - change.offset), at);
      }
      at = sectorEnd;
    }
    if (random.chance(growing)) growTo(end);
  }
}
