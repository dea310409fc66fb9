/** Encrypted records on a store in memory: what was changed, moved or put back is noticed, and nothing is written. */
import { afterEach, expect, it } from 'vitest';
import { CHECKPOINT_POLICY } from '../../src/storages/indexeddb/checkpoint.ts';
import type { StoreMeta } from '../../src/storages/indexeddb/commit-store.ts';
import { type StoredEncryption, unwrapDataKey } from '../../src/storages/indexeddb/data-key.ts';
import { RecordCipher } from '../../src/storages/indexeddb/record-cipher.ts';
import { EXTENT_SIZE_BYTES } from '../../src/storages/indexeddb/extents.ts';
import { type Context, Contexts, KEY } from './commit-log-contexts.ts';

/** Steps are those of the test alone. */
const NO_STEPS = {
  ...CHECKPOINT_POLICY,
  softLimitMinBytes: Infinity,
  hardLimitMinBytes: Infinity,
  idleMs: 2 ** 30,
};
const MARKER: string = 'A'.repeat(64);

const opened: Contexts[] = [];
afterEach(() => {
  for (const contexts of opened.splice(0)) contexts.close();
});

/** Makes a database of two extents, with three commits after them. */
async function makeDatabase(encrypted: boolean = true): Promise<{ contexts: Contexts; context: Context }> {
  const contexts = new Contexts({ policy: NO_STEPS, locks: true, encrypted });
  opened.push(contexts);
  const context = contexts.at(0);
  await write(context, 0, 2 * EXTENT_SIZE_BYTES);
  await context.stepThroughCheckpoint(3);
  for (const offset of [0, 100_000, EXTENT_SIZE_BYTES + 5]) await write(context, offset);
  return { contexts, context };
}

/** Writes the marker where there were zeros. */
async function write(context: Context, offset: number, sizeBytes: number = MARKER.length): Promise<void> {
  const amount = MARKER.codePointAt(0) ?? 0;
  expect(await context.commit({ kind: 'add', offset, sizeBytes, amount })).toBeUndefined();
}

/** Opens the database again and reads all of it. @returns the number of markers */
async function readAgain(contexts: Contexts, index: number = 0): Promise<number> {
  const { log } = contexts.open(index);
  try {
    const bytes = await log.readTransaction(() => log.mirror.copyOut(0, log.mirror.sizeBytes));
    return Buffer.from(bytes).toString('latin1').split(MARKER).length - 1;
  } finally {
    log.close();
  }
}

function containsMarker({ database }: Contexts): boolean {
  const { meta, extents, parts } = database.state;
  const texts = [...extents.values(), ...parts].map(({ bytes }) => Buffer.from(bytes as Uint8Array));
  return [JSON.stringify(meta), ...texts].some((text) => text.includes(MARKER));
}

it.each([
  ['an encrypted database', true],
  ['a plain one', false],
] as const)('stores content in clear unless encrypted: %s', async (_, encrypted) => {
  const { contexts } = await makeDatabase(encrypted);
  expect(contexts.database.state.extents.size).toBe(2);
  expect(contexts.database.state.parts).toHaveLength(3);
  expect(containsMarker(contexts)).toBe(!encrypted);
  expect(await readAgain(contexts)).toBeGreaterThan(1000);
});

type State = Contexts['database']['state'];
/** Copies bytes with one bit changed. @param at - from the end where it is negative */
const flipped = (bytes: ArrayBuffer | Uint8Array, at: number): ArrayBuffer => {
  const copy = new Uint8Array(bytes).slice();
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy.buffer;
};
const withMeta = (state: State, changes: Partial<StoreMeta>): State => ({
  ...state,
  meta: { ...(state.meta as StoreMeta), ...changes },
});
const withExtent = (state: State, index: number, changes: object): State => {
  const extents = new Map(state.extents);
  extents.set(index, {
    ...(state.extents.get(index) as { version: number; bytes: Uint8Array<ArrayBuffer> }),
    ...changes,
  });
  return { ...state, extents };
};
const extentBytes = (state: State, index: number): Uint8Array =>
  state.extents.get(index)?.bytes ?? new Uint8Array(0);

it.each([
  [
    'the meta record with a smaller size',
    'the meta record',
    (state: State) => withMeta(state, { sizeBytes: 4096 }),
  ],
  [
    'the meta record with an earlier version',
    'the meta record',
    (state: State) => withMeta(state, { version: 3 }),
  ],
  [
    'the meta record without its tag',
    'the meta record',
    ({ meta, ...state }: State) => {
      const { seal: _, ...rest } = meta as StoreMeta;
      return { ...state, meta: rest };
    },
  ],
  [
    'a bit of a commit',
    'the record of commit 3',
    (state: State) => ({
      ...state,
      parts: state.parts.map((part) =>
        part.version === 3 ? { ...part, bytes: flipped(part.bytes, -20) } : part,
      ),
    }),
  ],
  [
    'a commit in the place of another',
    'the record of commit 3',
    (state: State) => ({
      ...state,
      parts: state.parts.map((part) =>
        part.version === 3 ? { version: 3, bytes: (state.parts[0] as { bytes: ArrayBuffer }).bytes } : part,
      ),
    }),
  ],
  [
    'a commit renamed to another',
    'the record of commit 3',
    (state: State) => ({
      ...state,
      parts: state.parts.map((part) => {
        if (part.version !== 3) return part;
        const bytes = (state.parts[0] as { bytes: ArrayBuffer }).bytes.slice(0);
        new DataView(bytes).setFloat64(0, 3, true);
        return { version: 3, bytes };
      }),
    }),
  ],
  [
    'a commit removed',
    'the record of commit 3',
    (state: State) => ({
      ...state,
      parts: state.parts.filter(({ version }) => version !== 3),
    }),
  ],
  [
    'the last commit removed',
    'the record of commit 4',
    (state: State) => ({
      ...state,
      parts: state.parts.filter(({ version }) => version !== 4),
    }),
  ],
  [
    'a commit cut off',
    'the record of commit 4',
    (state: State) => ({
      ...state,
      parts: state.parts.map((part) =>
        part.version === 4 ? { ...part, bytes: part.bytes.slice(0, 20) } : part,
      ),
    }),
  ],
  [
    'a bit of an extent',
    'extent 1',
    (state: State) => withExtent(state, 1, { bytes: new Uint8Array(flipped(extentBytes(state, 1), -500)) }),
  ],
  [
    'an extent in the place of another',
    'extent 1',
    (state: State) => withExtent(state, 1, { bytes: extentBytes(state, 0) }),
  ],
  ['an extent under another version', 'extent 0', (state: State) => withExtent(state, 0, { version: 3 })],
  [
    'an extent cut off after a chunk',
    'extent 1',
    (state: State) => withExtent(state, 1, { bytes: extentBytes(state, 1).slice(0, 16 * 1024 + 28) }),
  ],
  [
    'an extent cut off within a tag',
    'extent 1',
    (state: State) => withExtent(state, 1, { bytes: extentBytes(state, 1).slice(0, 16 * 1024 + 28 + 5) }),
  ],
  [
    'two chunks of an extent swapped',
    'extent 0',
    (state: State) => {
      const bytes = extentBytes(state, 0).slice();
      const size = 16 * 1024 + 28;
      const first = bytes.slice(0, size);
      bytes.copyWithin(0, size, 2 * size);
      bytes.set(first, size);
      return withExtent(state, 0, { bytes });
    },
  ],
] as const)('refuses %s, and names the record', async (_, name, change) => {
  const { contexts } = await makeDatabase();
  // It would write an extent again while it is idle.
  contexts.close();
  const changed = change(contexts.database.state);
  contexts.database.state = changed;
  for (const index of [0, 2]) {
    await expect(readAgain(contexts, index)).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining(name) as string,
    });
  }
  expect(contexts.database.state).toBe(changed);
});

it('notices each flipped byte of a commit, of a chunk and of the tag of the meta record', async () => {
  const { contexts } = await makeDatabase();
  contexts.close();
  const { state } = contexts.database;
  const [part] = state.parts as readonly [State['parts'][number]];
  const meta = state.meta as StoreMeta;
  const cipher = await RecordCipher.of(
    'test',
    meta.databaseId,
    await unwrapDataKey('test', meta.encryption as StoredEncryption, KEY, meta.databaseId),
  );
  await cipher.openFirstPart(part.bytes, part.version);
  for (let at = 0; at < part.bytes.byteLength; at++) {
    await expect(
      cipher.openFirstPart(flipped(part.bytes, at), part.version),
      `byte ${at}`,
    ).rejects.toMatchObject({
      code: 'CORRUPT',
    });
  }
  const chunk = { extentIndex: 7, version: 3, chunkIndex: 0, sizeBytes: 600 };
  const sealed = await cipher.sealExtent({ ...chunk, bytes: new Uint8Array(600) });
  const [bytes] = sealed.parts as readonly [Uint8Array<ArrayBuffer>];
  expect(cipher.openChunk(bytes, chunk)).toHaveLength(600);
  for (let at = 0; at < bytes.length; at++) {
    const changed = new Uint8Array(flipped(bytes, at));
    expect(() => cipher.openChunk(changed, chunk), `byte ${at}`).toThrow('extent 7');
    await expect(cipher.loadChunk(changed, chunk), `byte ${at}`).rejects.toMatchObject({ code: 'CORRUPT' });
  }
  const seal = meta.seal as Uint8Array;
  cipher.assertMeta(meta);
  for (let at = 0; at < seal.length; at++) {
    const changed = { ...meta, seal: new Uint8Array(flipped(seal, at)) };
    expect(() => cipher.assertMeta(changed), `byte ${at}`).toThrow('the meta record');
  }
});

it('refuses a chunk of an earlier version of the same extent', async () => {
  const { contexts, context } = await makeDatabase();
  const before = extentBytes(contexts.database.state, 0).slice(0, 16 * 1024 + 28);
  await context.stepThroughCheckpoint(3);
  contexts.close();
  const bytes = extentBytes(contexts.database.state, 0).slice();
  bytes.set(before);
  contexts.database.state = withExtent(contexts.database.state, 0, { bytes });
  await expect(readAgain(contexts)).rejects.toMatchObject({ code: 'CORRUPT' });
});

it.each([
  ['the commits after it', 0],
  ['extents of a later checkpoint, which has deleted the commits', 3],
] as const)('refuses an earlier meta record, with its tag, beside %s', async (_, steps) => {
  const { contexts, context } = await makeDatabase();
  await context.stepThroughCheckpoint(3);
  const { meta } = contexts.database.state;
  const other = contexts.at(1);
  await other.log.readTransaction(() => undefined);
  for (const offset of [200_000, 300_000]) await write(context, offset);
  await context.stepThroughCheckpoint(steps);
  const after = contexts.database.state;
  expect([after.meta?.version, after.parts.length]).toEqual([6, steps === 0 ? 2 : 0]);
  const putBack = { ...after, meta };
  contexts.database.state = putBack;
  const refused = { code: 'CORRUPT', message: expect.stringContaining('the meta record') as string };
  for (const index of [0, 2]) await expect(readAgain(contexts, index)).rejects.toMatchObject(refused);
  await expect(context.log.readTransaction(() => undefined)).rejects.toMatchObject({ code: 'CORRUPT' });
  if (steps === 0) await expect(other.log.readTransaction(() => undefined)).rejects.toMatchObject(refused);
  expect(contexts.database.state).toBe(putBack);
});

it('cannot notice an earlier state of a whole piece, of the whole database, or of the encrypted data key', async () => {
  const { contexts, context } = await makeDatabase();
  await context.stepThroughCheckpoint(3);
  const before = contexts.database.state;
  const markersBefore = await readAgain(contexts);
  await write(context, 200_000);
  await context.stepThroughCheckpoint(3);
  await context.log.changeKey(new Uint8Array(32).fill(8));
  contexts.close();
  const after = contexts.database.state;
  expect(after.extents.get(0)?.version).not.toBe(before.extents.get(0)?.version);
  await expect(readAgain(contexts)).rejects.toMatchObject({ code: 'WRONG_KEY' });

  const withOldKey = withMeta(after, { encryption: before.meta?.encryption as StoredEncryption });
  contexts.database.state = withOldKey;
  expect(await readAgain(contexts)).toBeGreaterThan(0);
  contexts.database.state = withExtent(withOldKey, 0, before.extents.get(0) as object);
  expect(await readAgain(contexts)).toBe(markersBefore);
  contexts.database.state = before;
  expect(await readAgain(contexts)).toBe(markersBefore);
});

it('a checkpoint of an extent with a damaged chunk fails and is reported, and nothing of it is stored', async () => {
  const { contexts } = await makeDatabase();
  contexts.close();
  const { state } = contexts.database;
  contexts.database.state = withExtent(state, 1, {
    bytes: new Uint8Array(flipped(extentBytes(state, 1), 300_000)),
  });
  const changed = contexts.database.state;
  const other = contexts.open();
  await other.log.readTransaction(() => undefined);
  await other.stepThroughCheckpoint(2);
  expect(other.log.checkpointStatus.failure).toMatchObject({ code: 'CORRUPT' });
  expect(contexts.database.state).toBe(changed);
  other.log.close();
});

it('no two records have a nonce in common, also where the same commit is stored again', async () => {
  const { contexts, context } = await makeDatabase();
  const nonces = new Set<string>();
  let records = 0;
  const collect = (): void => {
    const { extents, parts, meta } = contexts.database.state;
    const sealed = [
      ...parts.map(({ bytes }) => new Uint8Array(bytes, 16, 12)),
      ...[...extents.values()].flatMap(({ bytes }) =>
        Array.from({ length: bytes.length / (16 * 1024 + 28) }, (_, index) =>
          bytes.subarray(index * (16 * 1024 + 28)).subarray(0, 12),
        ),
      ),
      meta?.seal?.subarray(0, 12) ?? new Uint8Array(0),
    ];
    records += sealed.length;
    for (const nonce of sealed) nonces.add(Buffer.from(nonce).toString('hex'));
  };
  collect();
  await context.stepThroughCheckpoint(3);
  collect();
  expect(nonces.size).toBe(records);
});
