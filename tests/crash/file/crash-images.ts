/**
 * Crash images: the possible contents of a disk after a power loss. Only synced changes are certain. For later ones:
 *
 * 1. Each sector of 512 bytes may be stored or not, in any order. A disk writes a sector completely or not at all, and
 *    reorders sectors freely.
 * 2. A file may have grown before its data was stored. The new end then reads as zeros or noise.
 * 3. Names in a folder change independently of each other. The changes of one name keep their order.
 *
 * A disk that does not hide freed blocks may show their former content in 2. That is worse than noise: it can be a
 * complete journal that was valid before.
 */
import type { GrowingBytes } from '../../../packages/sqljs-vfs/src/storages/memory/growing-bytes.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import {
  type DirectoryHistory,
  type DiskHistory,
  type FileHistory,
  type UnsyncedChange,
  applyChange,
  applyName,
} from './disk-history.ts';
import type { DiskDirectory, DiskNode } from './disk-tree.ts';

const SECTOR_SIZE_BYTES = 512;

/** Makes the bytes of a range by which a file has grown, but whose data is not stored. */
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

/** Applies some of a file's unsynced changes. */
type DataPolicy = (content: GrowingBytes, file: FileHistory, random: SeededRandom) => void;

const DATA_POLICIES: Record<string, DataPolicy> = {
  'nothing stored': () => undefined,
  'all stored': (content, file) => {
    for (const change of file.unsynced) applyChange(content, change);
  },
  'a prefix stored': (content, file, random) => {
    const stored = random.below(file.unsynced.length + 1);
    for (const change of file.unsynced.slice(0, stored)) applyChange(content, change);
    const cut = file.unsynced[stored];
    if (cut?.kind === 'write') storeBeginning(content, cut, random);
  },
  'some stored': (content, file, random) => {
    const share = random.fraction();
    for (const change of file.unsynced) if (random.chance(share)) applyChange(content, change);
  },
  'all but one stored': (content, file, random) => {
    const lost = random.below(file.unsynced.length);
    for (const [index, change] of file.unsynced.entries()) if (index !== lost) applyChange(content, change);
  },
  'torn, zeros': (content, file, random) => tear(content, file, random, 'zeros'),
  'torn, noise': (content, file, random) => tear(content, file, random, 'noise'),
};

/** An additional policy for disks on which freed blocks keep their content. */
const FREED_BLOCKS: Record<string, DataPolicy> = {
  'torn, former content': (content, file, random) => tear(content, file, random, 'former'),
};

/** Applies some of a folder's unsynced changes. */
type NamePolicy = (directory: DirectoryHistory, random: SeededRandom) => Map<string, DiskNode>;

const NAME_POLICIES: Record<string, NamePolicy> = {
  'old names': (directory) => new Map(directory.synced),
  'new names': (directory) => namesAfter(directory, () => Infinity),
  'some names': (directory, random) => namesAfter(directory, (changes) => random.below(changes + 1)),
};

const NAME_CHOICES: readonly string[] = Object.keys(NAME_POLICIES);

/** Repeats the torn policies, because they find most faults. */
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

/** The content of a disk after a crash. */
export interface CrashImage {
  readonly root: DiskDirectory;
  /** Description of the policies that made it. */
  readonly policy: string;
}

/** Makes one of the images that a crash at this point of the history may leave. */
export function crashImage(history: DiskHistory, random: SeededRandom): CrashImage {
  const choices = history.behaviour.hidesFreedBlocks ? DATA_CHOICES : DATA_CHOICES_WITH_FREED_BLOCKS;
  const [policy, data] = random.oneOf(choices);
  const names = random.oneOf(NAME_CHOICES);
  const policies: ImagePolicies = { data, names: NAME_POLICIES[names] as NamePolicy };
  return { root: directoryAfter(history, history.rootId, policies, random), policy: `${policy}, ${names}` };
}

interface ImagePolicies {
  readonly data: DataPolicy;
  readonly names: NamePolicy;
}

function directoryAfter(
  history: DiskHistory,
  id: number,
  policies: ImagePolicies,
  random: SeededRandom,
): DiskDirectory {
  const entries = [...policies.names(history.directory(id), random)].map(
    ([name, node]): [string, DiskNode] => {
      if (node.kind === 'directory') return [name, directoryAfter(history, node.id, policies, random)];
      const file = history.file(node.id);
      const content = file.synced.copy();
      if (file.unsynced.length > 0) policies.data(content, file, random);
      return [name, { kind: 'file', id: node.id, content }];
    },
  );
  return { kind: 'directory', id, entries: new Map(entries) };
}

function namesAfter(
  directory: DirectoryHistory,
  storedCount: (changes: number) => number,
): Map<string, DiskNode> {
  const names = new Map(directory.synced);
  for (const changed of new Set(directory.unsynced.map(({ name }) => name))) {
    const changes = directory.unsynced.filter(({ name }) => name === changed);
    for (const { name, node } of changes.slice(0, storedCount(changes.length))) applyName(names, name, node);
  }
  return names;
}

/** Applies the first sectors of a write. */
function storeBeginning(
  content: GrowingBytes,
  { bytes, offset }: Extract<UnsyncedChange, { kind: 'write' }>,
  random: SeededRandom,
): void {
  const firstSector = Math.floor(offset / SECTOR_SIZE_BYTES);
  const end = offset + bytes.length;
  const sectors = Math.ceil(end / SECTOR_SIZE_BYTES) - firstSector;
  const cut = Math.min(end, (firstSector + random.below(sectors + 1)) * SECTOR_SIZE_BYTES);
  if (cut > offset) content.write(bytes.subarray(0, cut - offset), offset);
}

/** Applies a random choice of the sectors of every write. */
function tear(content: GrowingBytes, file: FileHistory, random: SeededRandom, filler: string): void {
  const fill = FILLERS[filler] as Filler;
  const growTo = (sizeBytes: number): void => {
    const from = content.sizeBytes;
    if (sizeBytes > from) content.write(fill(file, from, sizeBytes, random), from);
  };
  const share = random.fraction();
  const growing = random.fraction();
  for (const change of file.unsynced) {
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
