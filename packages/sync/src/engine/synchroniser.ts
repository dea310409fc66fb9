/**
 * Synchronises one database over a target. The change log is what is sent; positions are stored with the rows. Every step may
 * be repeated, and may end at any moment: what was sent or stored twice makes no difference.
 */
import {
  parseCheckpoint,
  type IncomingReport,
  type Persistence,
  type RefusedChange,
  type SyncState,
} from '@ggen-sim/core';
import { chainAfter, START } from '../contract/chain.ts';
import type { ChainPosition, SyncTarget } from '../contract/sync-target.ts';
import { forked, SyncError, targetChanged, targetReplaced } from '../errors.ts';
import { assertReadable, assertSameKey, meetRows } from './check-target.ts';
import { BATCH_ENTRIES, readOutgoing, type Outgoing } from './outgoing.ts';
import { readState, type StoredState } from './stored-state.ts';

/** Counts of a push. */
export interface PushReport {
  /** Entries that the target has since. */
  readonly entries: number;
  /** Rows, removals among them, that the target did not know. */
  readonly changes: number;
  /** Rows that cannot travel, because another program stored bytes or great integers in them. */
  readonly unsendable: number;
}

/** Counts of a pull. */
export interface PullReport extends Omit<IncomingReport, 'applied'> {
  /** Changes that the target had. */
  readonly changes: number;
  /** The first of the changes that were refused, {@link MAX_REFUSED} at most. */
  readonly refused: readonly RefusedChange[];
  readonly refusedCount: number;
}

const MAX_REFUSED = 100;

/** A call that moved nothing notes its success only after this time, because each note is a commit. */
const UNCHANGED_MS = 60_000;

/** Times that a batch is pulled again because something was removed here meanwhile. */
const MAX_ATTEMPTS = 10;

/** Each position that is stored is a commit. */
const STORE_MS = 1000;

/** Entries that are sent together. */
interface Batch extends Outgoing {
  /** Number of the last one. */
  readonly end: number;
}

/** One database and its target. The caller closes both. */
export class Synchroniser {
  readonly #database: Persistence;
  readonly #target: SyncTarget;
  /** The stored location, of which the target is one; undefined before it was read. */
  #location: string | null | undefined;

  /** @param location - the one that the database has to have stored. @default the one that it has at the first call */
  constructor(database: Persistence, target: SyncTarget, location?: string) {
    this.#database = database;
    this.#target = target;
    this.#location = location;
  }

  /**
   * Sends the entries that the target does not have.
   * @throws {SyncError} FORKED, SYNC_UNREACHABLE, SYNC_INVALID, SYNC_TARGET_CHANGED, SYNC_TARGET_REPLACED
   * @throws {PersistenceError} NO_CHANGE_LOG, and as `changes`
   */
  push(): Promise<PushReport> {
    return this.#noted(
      () => this.#push(),
      ({ entries }) => entries > 0,
    );
  }

  /**
   * Stores the changes of other databases.
   * @throws {SyncError} as {@link push}; SYNC_BUSY
   */
  pull(): Promise<PullReport> {
    return this.#noted(
      () => this.#pull(),
      ({ changes }) => changes > 0,
    );
  }

  /** Pushes, pulls, and pushes what the pull has logged. */
  synchronise(): Promise<{ readonly pushed: PushReport; readonly pulled: PullReport }> {
    return this.#noted(
      async () => {
        const pushed = await this.#push();
        const pulled = await this.#pull();
        if (pulled.stored + pulled.removed > 0) await this.#push();
        return { pushed, pulled };
      },
      ({ pushed, pulled }) => pushed.entries + pulled.changes > 0,
    );
  }

  /**
   * Sends the entries that the target does not have, and has it cosign a checkpoint of this database: it has a copy of every
   * entry, so it confirms that none of them was changed since it was sent.
   * @param note - the text of `checkpoint()`, or a note of it that `signNote` has signed
   * @returns the note with the signature of the target, for `verifyCheckpoint` and `verifyProof`
   * @throws {SyncError} CHECKPOINT_INCONSISTENT, SYNC_NO_COSIGNER, and as {@link push}
   */
  async cosign(note: string): Promise<string> {
    await this.push();
    const cosigned = await this.#target.cosign(note);
    if (hasMoreSignatures(cosigned, note)) return cosigned;
    throw new SyncError(
      'SYNC_INVALID',
      'The target has returned something else than the checkpoint with its signature',
    );
  }

  /** Notes the success of a call, or its failure, for `syncStatus`. */
  async #noted<T>(call: () => Promise<T>, hasMoved: (report: T) => boolean): Promise<T> {
    try {
      const report = await call();
      const [state] = await this.#load();
      const age = Date.now() - Date.parse(state.succeededAt ?? '');
      // A time to come was noted before the clock was set back.
      if (hasMoved(report) || state.lastError !== null || !(age >= 0 && age < UNCHANGED_MS)) {
        await this.#store({ ...state, succeededAt: new Date().toISOString(), lastError: null });
      }
      return report;
    } catch (error) {
      // What is stored then is about another target.
      if (!isReplaced(error)) await noteFailure(this.#database, error, this.#location);
      throw error;
    }
  }

  async #push(): Promise<PushReport> {
    const report = { entries: 0, changes: 0, unsendable: 0 };
    let [state, { lastSeq }] = await this.#load();
    for (;;) {
      const cursor = await this.#target.cursor(state.origin);
      if (state.pushed.seq === 0 && lastSeq > 0) await meetRows(this.#target);
      const pushed = await this.#compare(state, cursor, lastSeq);
      if (pushed.seq !== state.pushed.seq) state = await this.#store(withPosition(state, pushed));
      try {
        let reading = this.#read(state.pushed.seq, lastSeq);
        let storedAt = performance.now();
        for (let batch = await reading; batch !== undefined; batch = await reading) {
          // Reads the next entries while the target stores these. A failure is thrown where they are waited for.
          reading = this.#read(batch.end, lastSeq);
          reading.catch(() => undefined);
          const position = await this.#send(state, batch);
          report.entries += batch.entries.length;
          report.changes += batch.entries.filter(({ change }) => change !== null).length;
          report.unsendable += batch.unsendable;
          state = withPosition(state, position);
          // The target knows where it is, so a position that is not stored costs no more than reading hashes again.
          const now = performance.now();
          if (position.seq < lastSeq && now - storedAt < STORE_MS) continue;
          state = await this.#store(state);
          storedAt = now;
        }
        return report;
      } catch (error) {
        // How far it came is what `syncStatus` tells. Where that cannot be stored, the failure itself is to be heard.
        if (!isReplaced(error)) await this.#store(state).catch(() => undefined);
        // The target was restored from a backup meanwhile: what it lost is sent again.
        if (!(error instanceof SyncError && error.code === 'SYNC_GAP')) throw error;
        [state, { lastSeq }] = await this.#load();
      }
    }
  }

  async #pull(): Promise<PullReport> {
    let report: PullReport = {
      changes: 0,
      stored: 0,
      present: 0,
      conflicts: 0,
      removed: 0,
      refused: [],
      refusedCount: 0,
    };
    let [state, { state: expectedState }] = await this.#load();
    for (let attempts = 0; attempts < MAX_ATTEMPTS;) {
      const { origin, pulled: after, pulledPushId } = state;
      const request = { origin, after, pushId: pulledPushId, limit: BATCH_ENTRIES };
      const { changes, position, pushId, isLast } = await this.#target.pull(request);
      assertReadable(changes);
      if (position === after && pushId === pulledPushId) return report;
      const next = { ...state, pulled: position, pulledPushId: pushId };
      const pushedSeq = state.pushed.seq;
      const applied = await this.#database.applyChanges({
        origin,
        pushedSeq,
        changes,
        state: JSON.stringify(next),
        expectedState,
      });
      if (!applied.applied) {
        attempts++;
        await this.#push();
        [state, { state: expectedState }] = await this.#load();
        continue;
      }
      attempts = 0;
      report = added(report, changes.length, applied);
      state = applied.refused.length === 0 ? next : await this.#store(withRefused(next, applied));
      expectedState = JSON.stringify(state);
      if (isLast) return report;
    }
    throw new SyncError('SYNC_BUSY', 'Records were removed here again and again while changes were stored', {
      hint: 'Synchronise again.',
    });
  }

  async #load(): Promise<[StoredState, SyncState]> {
    const id = await this.#target.id();
    const stored = await this.#database.syncState();
    const same = this.#readSame(stored);
    const { location, target } = same;
    // Nothing of this database goes to another tenant because of a wrong token.
    if (location !== null && target !== null && target !== id) throw targetChanged(location);
    assertSameKey(same, this.#target);
    const keyId = this.#target.keyId ?? null;
    return [{ ...readState(stored.state, stored.origin, id), keyId }, stored];
  }

  async #store(state: StoredState): Promise<StoredState> {
    for (;;) {
      const stored = await this.#database.syncState();
      this.#readSame(stored);
      if (await storeState(this.#database, state, stored.state)) return state;
    }
  }

  /** Reads a state, if it is still about this target. @throws {SyncError} SYNC_TARGET_REPLACED */
  #readSame({ origin, state }: SyncState): StoredState {
    const read = readState(state, origin);
    if (this.#location === undefined) this.#location = read.location;
    if (read.location !== this.#location) throw targetReplaced(read.location);
    return read;
  }

  /**
   * Compares the target's position with the change log.
   * @returns where to go on
   * @throws {SyncError} FORKED when the change log does not have the entries that the target has
   */
  async #compare(
    { origin, pushed }: StoredState,
    cursor: ChainPosition,
    lastSeq: number,
  ): Promise<ChainPosition> {
    if (cursor.seq > lastSeq) {
      throw forked(origin, `the target has ${cursor.seq} entries of it, and the file ${lastSeq}`);
    }
    let { seq, chain } = pushed.seq <= cursor.seq ? pushed : START;
    if (seq < cursor.seq) {
      for await (const { data } of this.#database.changes({ after: seq, limit: cursor.seq - seq })) {
        // After a reset or a restore the first number is not 1.
        if (data.seq > cursor.seq) break;
        chain = chainAfter(chain, data.leaf);
        ({ seq } = data);
      }
    }
    if (chain !== cursor.chain) {
      throw forked(origin, `the target has other entries up to ${cursor.seq}`);
    }
    return { seq, chain };
  }

  /** Reads entries to send; undefined when there are no more. */
  async #read(after: number, lastSeq: number): Promise<Batch | undefined> {
    if (after >= lastSeq) return undefined;
    const { entries, unsendable } = await readOutgoing(this.#database, after);
    const last = entries.at(-1);
    if (last === undefined) return undefined;
    const rows = entries.filter(({ change }) => change?.kind === 'saved').map(({ leaf }) => leaf);
    const unknown = new Set(await this.#target.unknown([...new Set(rows)]));
    const sent = entries.map(({ seq, leaf, change }) => {
      const isKnown = change?.kind === 'saved' && !unknown.has(leaf);
      return { seq, leaf, change: isKnown ? null : change };
    });
    return { entries: sent, end: last.seq, unsendable };
  }

  /** @returns the position of the last entry */
  async #send({ origin, pushed }: StoredState, { entries, end }: Batch): Promise<ChainPosition> {
    await this.#target.push({ origin, after: pushed, entries });
    let { chain } = pushed;
    for (const { leaf } of entries) chain = chainAfter(chain, leaf);
    return { seq: end, chain };
  }
}

/**
 * Stores a state, if the database still has the id that it belongs to.
 * @param expected - the state in whose place it comes. @default whatever is stored
 * @returns false when another state is stored meanwhile
 */
export async function storeState(
  database: Persistence,
  state: StoredState,
  expected?: string | null,
): Promise<boolean> {
  const { applied } = await database.applyChanges({
    origin: state.origin,
    pushedSeq: state.pushed.seq,
    changes: [],
    state: JSON.stringify(state),
    ...(expected !== undefined && { expectedState: expected }),
  });
  return applied;
}

/**
 * Notes why a synchronisation failed, for `syncStatus`.
 * @param ofLocation - the target that it is about; nothing is noted where the database has another one since. @default any
 */
export async function noteFailure(
  database: Persistence,
  error: unknown,
  ofLocation?: string | null,
): Promise<void> {
  const { code = 'INTERNAL', message = String(error) } = error as { code?: string; message?: string };
  const lastError = { code, message, at: new Date().toISOString() };
  try {
    for (let isNoted = false; !isNoted;) {
      const { origin, state: stored } = await database.syncState();
      const state = readState(stored, origin);
      if (ofLocation !== undefined && state.location !== ofLocation) return;
      isNoted = await storeState(database, { ...state, lastError }, stored);
    }
  } catch {
    // The failure itself is what the caller has to hear of.
  }
}

/** True for a note with further signatures. Whatever else a target returns says something else, or has lost a signature. */
function hasMoreSignatures(cosigned: string, note: string): boolean {
  try {
    const { text } = parseCheckpoint(cosigned);
    return text === parseCheckpoint(note).text && cosigned.startsWith(note) && cosigned !== note;
  } catch {
    return false;
  }
}

/** True for the end of a synchronisation whose database has another target since. */
export function isReplaced(error: unknown): boolean {
  return error instanceof SyncError && error.code === 'SYNC_TARGET_REPLACED';
}

function added(report: PullReport, changes: number, applied: IncomingReport): PullReport {
  return {
    changes: report.changes + changes,
    stored: report.stored + applied.stored,
    present: report.present + applied.present,
    conflicts: report.conflicts + applied.conflicts,
    removed: report.removed + applied.removed,
    refused: [...report.refused, ...applied.refused].slice(0, MAX_REFUSED),
    refusedCount: report.refusedCount + applied.refused.length,
  };
}

function withPosition(state: StoredState, pushed: ChainPosition): StoredState {
  return { ...state, pushed };
}

function withRefused(state: StoredState, { refused }: IncomingReport): StoredState {
  return { ...state, refused: state.refused + refused.length };
}
