/**
 * Who has a database's files now. Access handles are exclusive across tabs and workers, so contexts take turns:
 *
 *  1. Files are opened only by the holder of the Web Lock named after the database, and closed before it is released.
 *  2. A tenure outlasts a turn, because taking over costs milliseconds: it ends when another context asks, when nothing
 *     has happened for a short while, or when a storage here is closed.
 *  3. It never ends during a turn, nor while a connection holds any of SQLite's locks: what SQLite believes between its
 *     lock and its unlock stays true.
 *  4. Once another context has asked, no turn begins until those under way have ended and the files have changed hands.
 *  5. All connections of one context on one database share its tenure; SQLite's locks, kept in memory, keep them apart.
 *  6. A question that gets lost costs time, never safety: the lock decides.
 */
import { pause } from '../../retry-busy.ts';
import { SqliteError, VfsError } from '../../errors.ts';
import { InProcessLockTable } from '../../locks/in-process-lock.ts';
import { ResultCode } from '../../result-codes.ts';
import type { FileRole } from '../../contract/storage.ts';
import { type SyncAccessHandle, closeAccessHandles, openAccessHandle } from './access-handle.browser.ts';
import { type DatabaseFiles, FILE_ROLES, locateDatabase } from './layout.browser.ts';

/** How long to stand in line before letting the caller know; it will ask again until its own deadline. */
const LINE_PATIENCE_MS = 2000;
/** A page that is put into the back-forward cache must not sit on its files. */
const IDLE_MS = 100;
/** Turns may follow each other without the event loop ever getting to those who ask; so it gets its turn as well. */
const LISTEN_EVERY_MS = 50;

type AccessHandles = Readonly<Record<FileRole, SyncAccessHandle>>;

interface Holding {
  readonly handles: AccessHandles;
  /** Files that exist for SQLite. On disk all of them do, because making one is asynchronous. */
  readonly present: Set<FileRole>;
  readonly channel: BroadcastChannel;
  /** Lets the Web Lock go. */
  readonly release: () => void;
}

/** This context's hold on one database. */
export class FileTenure {
  readonly locks: InProcessLockTable = new InProcessLockTable();
  readonly #name: string;
  readonly #lockName: string;
  #files: DatabaseFiles | undefined;
  #holding: Holding | undefined;
  #taking: Promise<void> | undefined;
  #turns = 0;
  #listenedAt = 0;
  #asked = false;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Those who wait for the turns under way to end. */
  #waiting: (() => void)[] = [];

  constructor(name: string) {
    this.#name = name;
    this.#lockName = `sqljs-vfs-opfs:${name}`;
  }

  /**
   * Begins a turn.
   * @param known - the files as they were at an earlier turn; they must still be the same
   * @returns the files as they are now
   * @throws SqliteError SQLITE_BUSY (5) when another context keeps them
   * @throws VfsError `STORAGE_RESET` when the known files are gone
   */
  async enter(known: DatabaseFiles | undefined): Promise<DatabaseFiles> {
    // While a connection's lock keeps the files, nobody's question would change anything.
    if (!this.#locked && performance.now() - this.#listenedAt > LISTEN_EVERY_MS) await this.#listen();
    for (;;) {
      if (this.#turns > 0 && this.#asked) {
        await new Promise<void>((resolve) => void this.#waiting.push(resolve));
      } else if (this.#holding && this.#files) {
        if (known && known !== this.#files) throw this.#reset();
        clearTimeout(this.#idle);
        this.#turns++;
        return this.#files;
      } else {
        this.#taking ??= this.#take().finally(() => (this.#taking = undefined));
        await this.#taking;
      }
    }
  }

  /** Ends a turn. */
  leave(): void {
    this.#turns--;
    if (this.#turns > 0) return;
    if (this.#asked) this.letGo();
    else if (!this.#locked) this.#rest();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Ends the tenure as soon as may be. */
  letGo(): void {
    this.#asked = true;
    const holding = this.#holding;
    if (!holding || this.#turns > 0 || this.#locked) return;
    clearTimeout(this.#idle);
    this.#holding = undefined;
    this.#asked = false;
    closeAccessHandles(Object.values(holding.handles));
    holding.channel.close();
    holding.release();
  }

  /** After one of SQLite's locks went, which may have been what kept us. */
  unlocked(): void {
    if (this.#asked && this.#turns === 0) this.letGo();
  }

  /** Whether files can be read and written now. */
  get held(): boolean {
    return this.#holding !== undefined;
  }

  /** Files that exist for SQLite. @throws VfsError `CLOSED` outside a turn */
  get present(): Set<FileRole> {
    return this.#requireHolding().present;
  }

  /** @throws VfsError `CLOSED` outside a turn */
  handle(role: FileRole): SyncAccessHandle {
    return this.#requireHolding().handles[role];
  }

  /** Whether a connection holds any of SQLite's locks: within a transaction, or as the exclusive owner. */
  get #locked(): boolean {
    return this.locks.shared.size > 0 || this.locks.writer !== undefined;
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.letGo(), IDLE_MS);
  }

  async #listen(): Promise<void> {
    await pause(0);
    this.#listenedAt = performance.now();
  }

  #requireHolding(): Holding {
    if (this.#holding) return this.#holding;
    throw new VfsError('CLOSED', `${this.#name} is not within a turn`, {
      hint: 'Use the database inside read() or write().',
    });
  }

  #reset(): VfsError {
    return new VfsError('STORAGE_RESET', `${this.#name} was removed or replaced while it was open`, {
      hint: 'Open it again to start anew; a copy made before can be imported.',
    });
  }

  async #take(): Promise<void> {
    const channel = new BroadcastChannel(this.#lockName);
    const ask = (): void => channel.postMessage('asked');
    channel.addEventListener('message', ({ data }) => {
      if (this.#holding && data === 'asked') this.letGo();
      // Whoever has just taken over may not have heard those who asked before.
      if (!this.#holding && data === 'taken') ask();
    });
    let release: (() => void) | undefined;
    try {
      const granted = holdLock(this.#lockName);
      ask();
      release = await granted;
      const { handles, present } = await this.#openFiles();
      this.#asked = false;
      channel.postMessage('taken');
      this.#holding = { handles, present, channel, release };
      this.#rest();
    } catch (error) {
      channel.close();
      release?.();
      throw error;
    }
  }

  async #openFiles(): Promise<Pick<Holding, 'handles' | 'present'>> {
    const known = this.#files;
    if (known) {
      try {
        return await openAll(known);
      } catch (error) {
        if ((error as { name?: unknown } | null)?.name !== 'NotFoundError') throw error;
      }
    }
    // Never seen, or gone. Who knew them as they were will find that these are others.
    this.#files = await locateDatabase(this.#name);
    return openAll(this.#files);
  }
}

/** Stands in line for a Web Lock. @returns what releases it */
function holdLock(lockName: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => new Promise((release) => resolve(release));
    navigator.locks
      .request(lockName, { signal: AbortSignal.timeout(LINE_PATIENCE_MS) }, hold)
      .catch((error: unknown) => {
        const timedOut = (error as { name?: unknown } | null)?.name === 'TimeoutError';
        reject(
          timedOut ? new SqliteError(ResultCode.BUSY, 'another context keeps the database', error) : error,
        );
      });
  });
}

async function openAll(files: DatabaseFiles): Promise<Pick<Holding, 'handles' | 'present'>> {
  const opened = await Promise.allSettled(FILE_ROLES.map((role) => openAccessHandle(files[role])));
  const open = opened.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  try {
    const failure = opened.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
    const [main, journal, wal] = open;
    const handles = { main, journal, wal } as AccessHandles;
    return { handles, present: new Set(FILE_ROLES.filter((role) => handles[role].getSize() > 0)) };
  } catch (error) {
    closeAccessHandles(open);
    throw error;
  }
}
