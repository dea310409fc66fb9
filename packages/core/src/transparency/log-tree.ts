/** The Merkle tree over the entries of the change log, read from its beginning. */
import { PersistenceError } from '../api/errors.ts';
import type { Checkpoint, LongOperationOptions, Proof, ProofRequest, TableName } from '../api/persistence.ts';
import { leafOf } from '../change-log/canonical-form.ts';
import { isRedacted } from '../change-log/check-removals.ts';
import { lastSeqOf, TABLE_OF_KIND } from '../change-log/change-log.ts';
import type { SqliteConnection, SqlValue } from '../engine/sqlite-connection.ts';
import type { Steps } from '../queue/operation-queue.ts';
import { CHANGE_LOG, readOrigin } from '../schema/change-log-table.ts';
import { keepBytes, TextBytes } from '../tables/stored-bytes.ts';
import { columnsOfTable, tableNamed } from '../tables/index.ts';
import { throwIfAborted } from '../validation/abort.ts';
import { checkText, checkWholeNumber, invalid } from '../validation/arguments.ts';
import { fromBase64, toBase64 } from '../exports/base64.ts';
import { makeCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { consistencyRanges, inclusionRanges, MerkleTree, type LeafRange } from './merkle-tree.ts';
import { encodeProofRow } from './proof-row.ts';
import { invalidProof, isEqual } from './signed-note.ts';

/** Leaves that are read at a time. */
const BATCH_LEAVES = 2000;

const LEAVES_SQL = `SELECT seq, leaf FROM ${CHANGE_LOG.name} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ${BATCH_LEAVES}`;

/** Kind of the entries of a row, and the column of its id, by the option of a {@link ProofRequest}. */
const RECORDS = {
  receiptId: { table: 'receipts', kinds: ['receipt.saved', 'receipt.adopted'], column: 'receipt_id' },
  agentId: { table: 'agent_memory', kinds: ['memory.saved', 'memory.adopted'], column: 'agent_id' },
  auditId: { table: 'audit_log', kinds: ['audit.logged', 'audit.adopted'], column: 'audit_id' },
} as const;

/** A tree that is computed, the roots of some of its subtrees, and the id of the database. */
interface ReadTree {
  readonly origin: string;
  readonly root: Uint8Array;
  readonly roots: readonly Uint8Array[];
}

/** Returns the checkpoint of every entry so far. */
export async function readCheckpoint(
  connection: SqliteConnection,
  steps: Steps,
  options: LongOperationOptions,
): Promise<Checkpoint> {
  const operation = 'checkpoint';
  const size = await steps.read(() => sizeOfLog(connection, operation));
  const { origin, root } = await readTree(connection, steps, operation, size, [], options);
  return makeCheckpoint(origin, size, root);
}

/** Makes a proof. */
export async function prove(
  connection: SqliteConnection,
  steps: Steps,
  request: ProofRequest,
): Promise<Proof> {
  const operation = 'prove';
  const wanted = checkRequest(operation, request);
  const all = await steps.read(() => sizeOfLog(connection, operation));
  const size = wanted.size ?? all;
  if (size > all) {
    throw new PersistenceError('NOT_FOUND', `The change log has ${all} entries, not ${size}`, { operation });
  }
  if ('smallerSize' in wanted) {
    const { smallerSize } = wanted;
    if (smallerSize > size) throw invalid({ operation, name: 'smallerSize' }, smallerSize, `at most ${size}`);
    const subtrees = smallerSize === 0 ? [] : consistencyRanges(smallerSize, size);
    const tree = await readTree(connection, steps, operation, size, [...subtrees, [0, smallerSize]], request);
    const smallerRootHash = toBase64(tree.roots.at(-1) as Uint8Array);
    const hashes = tree.roots.slice(0, -1).map(toBase64);
    return { type: 'consistency', ...headOf(tree, size), smallerSize, smallerRootHash, hashes };
  }
  const entry = await steps.read(() => findEntry(connection, operation, wanted));
  const { index, seq, leaf, table, rowJson } = entry;
  if (index >= size) {
    throw new PersistenceError('NOT_FOUND', `Entry ${seq} of the change log is not among its first ${size}`, {
      operation,
      hint: 'It was saved after the checkpoint: prove it for a later one.',
    });
  }
  const tree = await readTree(connection, steps, operation, size, inclusionRanges(index, size), request);
  const hashes = tree.roots.map(toBase64);
  return {
    type: 'inclusion',
    ...headOf(tree, size),
    index,
    seq,
    leaf: toBase64(leaf),
    table,
    rowJson,
    hashes,
  };
}

/**
 * Compares the beginning of the change log with checkpoints. The caller keeps the database in one state meanwhile.
 * @yields what is found, or undefined after each step
 */
export function* compareCheckpoints(
  connection: SqliteConnection,
  notes: readonly string[],
): Generator<string | undefined> {
  const wanted = notes.map(parseCheckpoint).toSorted((one, other) => one.size - other.size);
  const databaseId = readOrigin(connection);
  if (databaseId === undefined) {
    if (wanted.length > 0)
      yield `there is no change log, but a checkpoint has ${wanted.at(-1)?.size} entries`;
    return;
  }
  const { origin } = makeCheckpoint(databaseId, 0, new Uint8Array());
  const ofOther = (checkpoint: Checkpoint): string =>
    checkpoint.origin === origin ? '' : `; the checkpoint is of another database (${checkpoint.origin})`;
  const tree = new MerkleTree();
  let agreed = 0;
  let lastSeq = 0;
  const compare = (): string | undefined => {
    for (let next = wanted[0]; next?.size === tree.size; next = wanted[0]) {
      wanted.shift();
      if (isEqual(tree.root(), fromBase64(next.rootHash) ?? new Uint8Array())) {
        agreed = next.size;
        continue;
      }
      return next.size === 0
        ? `the checkpoint of 0 entries has another root than an empty change log${ofOther(next)}`
        : `entries ${agreed + 1} to ${next.size} of the change log are not those of the checkpoint of ${next.size} entries${ofOther(next)}`;
    }
    return undefined;
  };
  yield compare();
  for (const batch of leafBatches(connection, lastSeqOf(connection))) {
    for (const [seq, leaf] of batch) {
      if (wanted.length === 0) return;
      tree.append(leaf);
      lastSeq = seq;
      const problem = compare();
      if (problem !== undefined) yield problem;
    }
    yield undefined;
  }
  for (const checkpoint of wanted) {
    const { size } = checkpoint;
    yield `the last ${size - tree.size} entries of the checkpoint of ${size} entries are cut off: the change log ends with entry ${lastSeq}${ofOther(checkpoint)}`;
  }
}

function headOf(
  { origin, root }: ReadTree,
  size: number,
): { origin: string; size: number; rootHash: string } {
  const { rootHash, ...head } = makeCheckpoint(origin, size, root);
  return { origin: head.origin, size, rootHash };
}

type Wanted = { readonly size: number | undefined } & (
  | { readonly smallerSize: number }
  | { readonly seq: number }
  | { readonly record: keyof typeof RECORDS; readonly id: string }
);

function checkRequest(operation: string, request: ProofRequest): Wanted {
  const names = ['receiptId', 'agentId', 'auditId', 'seq', 'smallerSize'] as const;
  const [name, ...others] = names.filter((each) => request[each] !== undefined);
  if (name === undefined || others.length > 0) {
    throw new PersistenceError('INVALID_ARGUMENT', `Give one of ${names.join(', ')}`, { operation });
  }
  const size =
    request.size === undefined ? undefined : checkWholeNumber({ operation, name: 'size' }, request.size);
  if (name === 'seq' || name === 'smallerSize') {
    return { size, [name]: checkWholeNumber({ operation, name }, request[name]) } as Wanted;
  }
  return { size, record: name, id: checkText({ operation, name }, request[name]) };
}

interface FoundEntry {
  readonly index: number;
  readonly seq: number;
  readonly leaf: Uint8Array;
  readonly table: TableName | null;
  readonly rowJson: string | null;
}

function findEntry(
  connection: SqliteConnection,
  operation: string,
  wanted: Exclude<Wanted, { readonly smallerSize: number }>,
): FoundEntry {
  const entry =
    'seq' in wanted ? entryNumbered(connection, wanted.seq) : entryOf(connection, wanted.record, wanted.id);
  const [seq, kind, rowid, leaf] = entry ?? [];
  if (!(leaf instanceof Uint8Array)) {
    const what =
      'seq' in wanted ? `entry ${wanted.seq}` : `entry of ${wanted.record} ${JSON.stringify(wanted.id)}`;
    throw new PersistenceError('NOT_FOUND', `The change log has no ${what}`, { operation });
  }
  const table = TABLE_OF_KIND.get(String(kind)) ?? null;
  const row = table === null ? undefined : readRow(connection, table, rowid ?? null);
  const isSame = table !== null && row !== undefined && isEqual(leafOf(table, row), leaf);
  if (!('seq' in wanted) && !isSame) {
    const was =
      table !== null && row !== undefined && isRedacted(tableNamed(table), row) ? 'redacted' : 'edited';
    throw invalidProof(
      `The row was ${was}: it does not have the hash of entry ${Number(seq)} of the change log`,
    );
  }
  const [index] =
    connection.get(`SELECT count(*) FROM ${CHANGE_LOG.name} WHERE seq >= 1 AND seq < ?`, [seq ?? 0]) ?? [];
  return {
    index: Number(index),
    seq: Number(seq),
    leaf,
    table: isSame ? table : null,
    rowJson: isSame ? encodeProofRow(table, row) : null,
  };
}

function entryNumbered(connection: SqliteConnection, seq: number): SqlValue[] | undefined {
  return connection.get(`SELECT seq, kind, row_rowid, leaf FROM ${CHANGE_LOG.name} WHERE seq = ?`, [seq]);
}

function entryOf(
  connection: SqliteConnection,
  record: keyof typeof RECORDS,
  id: string,
): SqlValue[] | undefined {
  const { table, kinds, column } = RECORDS[record];
  const [rowid] = connection.get(`SELECT rowid FROM ${table} WHERE ${column} = ?`, [id]) ?? [];
  if (rowid === undefined) return undefined;
  return connection.get(
    `SELECT seq, kind, row_rowid, leaf FROM ${CHANGE_LOG.name} WHERE row_rowid = ? AND kind IN (?, ?) ORDER BY seq DESC LIMIT 1`,
    [rowid, ...kinds],
  );
}

function readRow(connection: SqliteConnection, table: TableName, rowid: SqlValue): SqlValue[] | undefined {
  const columns = columnsOfTable(table).map(({ column }) => column);
  const row = connection.get(`SELECT rowid, ${columns.join()} FROM ${table} WHERE rowid = ?`, [rowid]);
  if (row === undefined) return undefined;
  keepBytes(connection, table, columns, row, 1, TextBytes);
  return row.slice(1);
}

function sizeOfLog(connection: SqliteConnection, operation: string): number {
  databaseIdOf(connection, operation);
  const [size] = connection.get(`SELECT count(*) FROM ${CHANGE_LOG.name} WHERE seq BETWEEN 1 AND ?`, [
    lastSeqOf(connection),
  ]) ?? [0];
  return Number(size);
}

function databaseIdOf(connection: SqliteConnection, operation: string): string {
  const id = readOrigin(connection);
  if (id !== undefined) return id;
  throw new PersistenceError('NO_CHANGE_LOG', 'The database has no change log', {
    operation,
    hint: 'Create it with `enableHistory`.',
  });
}

/** Computes a tree, and the roots of subtrees of it, in one pass. Entries are only added, so others may save meanwhile. */
async function readTree(
  connection: SqliteConnection,
  steps: Steps,
  operation: string,
  size: number,
  subtrees: readonly LeafRange[],
  { signal, onProgress }: LongOperationOptions,
): Promise<ReadTree> {
  const origin = await steps.read(() => databaseIdOf(connection, operation));
  const tree = new MerkleTree();
  const parts = subtrees.map((range) => ({ range, tree: new MerkleTree() }));
  for (let last = 0; tree.size < size;) {
    throwIfAborted(operation, signal);
    const leaves = await steps.read(() => readLeaves(connection, last, Number.MAX_SAFE_INTEGER));
    if (leaves.length === 0) break;
    for (const [seq, leaf] of leaves) {
      if (tree.size === size) break;
      for (const { range, tree: part } of parts) {
        if (tree.size >= range[0] && tree.size < range[1]) part.append(leaf);
      }
      tree.append(leaf);
      last = seq;
    }
    onProgress?.({ stage: operation, done: tree.size, total: size, unit: 'rows' });
  }
  if (tree.size < size || (await steps.read(() => readOrigin(connection))) !== origin) {
    throw new PersistenceError(
      'CHANGE_LOG_RESET',
      'The database was replaced while its change log was read',
      {
        operation,
        hint: 'Try again.',
      },
    );
  }
  return { origin, root: tree.root(), roots: parts.map((part) => part.tree.root()) };
}

function* leafBatches(
  connection: SqliteConnection,
  lastSeq: number,
): Generator<[seq: number, leaf: Uint8Array][]> {
  for (let last = 0; ;) {
    const leaves = readLeaves(connection, last, lastSeq);
    if (leaves.length === 0) return;
    yield leaves;
    last = leaves.at(-1)?.[0] ?? lastSeq;
  }
}

/** What another program stored in place of a hash makes another tree. */
function readLeaves(connection: SqliteConnection, after: number, lastSeq: number): [number, Uint8Array][] {
  return connection
    .all(LEAVES_SQL, [after, lastSeq])
    .map(([seq, leaf]) => [Number(seq), leaf instanceof Uint8Array ? leaf : new Uint8Array()]);
}
