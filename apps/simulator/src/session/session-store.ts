import type { Persistence } from '@ggen-sim/core';
import { currentAddress, navigate, subscribeToAddress } from '../address/navigation.ts';
import { coalesce } from '../database/coalesce.ts';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { isSameSession, mergeSessions, type SessionConflict } from './merge-session.ts';
import {
  fromMemory,
  newSession,
  SESSION_AGENT_TYPE,
  SESSION_PATTERN,
  toMemory,
  type NewDocument,
  type Session,
} from './session.ts';

/** Delay of a save after the latest edit, so that not every key press is a commit. */
const SAVE_DELAY_MS = 600;

/** Number of sessions in the list, newest first; older ones stay in the database. */
const LISTED_SESSIONS = 30;

/** A session and its version in the database. */
interface StoredSession {
  readonly session: Session;
  readonly version: number;
}

/** The sessions that the page shows. */
export interface SessionState {
  /** True once the stored sessions have been queried. */
  readonly loaded: boolean;
  readonly current: Session | undefined;
  /** Newest first. */
  readonly stored: readonly Session[];
  readonly saving: 'saved' | 'unsaved' | 'failed';
  readonly failure: Failure | undefined;
}

/**
 * Keeps the current session in step with the database. Rules:
 * 1. An edit shows at once. It is saved when typing pauses, before a run, and when the page is hidden.
 * 2. A session that another tab saved replaces the one here. Unsaved edits of this tab are merged into it first, and a
 *    save happens only if the stored version is the one that was merged. So no tab replaces another one's text unseen.
 * 3. Each tab has its own current session. The page's address names it.
 */
export class SessionStore {
  readonly #persistence: Persistence;
  readonly #listeners: Set<() => void> = new Set();
  #state: SessionState = {
    loaded: false,
    current: undefined,
    stored: [],
    saving: 'saved',
    failure: undefined,
  };
  /** The current session as it is stored, as far as this tab knows. */
  #base: StoredSession | undefined;
  /** Newest first. */
  #stored: readonly StoredSession[] = [];
  readonly #onConflicts: (conflicts: readonly SessionConflict[]) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** Counts of saves started and ended. A query that overlaps a save may return the session as it was before. */
  #savesStarted = 0;
  #savesEnded = 0;
  readonly #refresh: () => void = coalesce(() => this.#readStored());

  /** @param onConflicts - called when two tabs changed the same lines, and both versions were kept */
  constructor(persistence: Persistence, onConflicts: (conflicts: readonly SessionConflict[]) => void) {
    this.#persistence = persistence;
    this.#onConflicts = onConflicts;
  }

  readonly state = (): SessionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Subscribes to the database. @returns a function that saves and unsubscribes */
  connect(): () => void {
    this.#refresh();
    const unsubscribe = this.#persistence.subscribe(({ tables }) => {
      if (tables.includes('agent_memory')) this.#refresh();
    });
    const onHidden = (): void => {
      if (document.visibilityState === 'hidden') void this.flush();
    };
    const unsubscribeAddress = subscribeToAddress(() => void this.open(currentAddress().session));
    document.addEventListener('visibilitychange', onHidden);
    return () => {
      void this.flush();
      unsubscribe();
      document.removeEventListener('visibilitychange', onHidden);
      unsubscribeAddress();
    };
  }

  /** Starts a session with these documents and records it in the audit trail. */
  async start(documents: readonly NewDocument[]): Promise<void> {
    if (!(await this.#saved())) return;
    const session = newSession(documents);
    this.#savesStarted += 1;
    try {
      const recorded = await this.#persistence.record({
        audits: [
          {
            agentId: session.id,
            operation: 'start_session',
            operationType: SESSION_AGENT_TYPE,
            status: 'completed',
          },
        ],
        memories: [memoryOf(session)],
      });
      this.#select({ session, version: recorded.memories[0]?.version ?? 1 }, 'push');
    } catch (error) {
      this.#setState({ failure: reportDatabaseFailure(error) });
    } finally {
      this.#savesEnded += 1;
    }
  }

  /** Makes a stored session the current one. */
  async open(sessionId: string | undefined): Promise<void> {
    const isWanted = ({ session }: StoredSession): boolean => session.id === sessionId;
    if (!this.#stored.some(isWanted) || sessionId === this.#state.current?.id) return;
    if (!(await this.#saved())) return;
    const wanted = this.#stored.find(isWanted);
    if (wanted) this.#select(wanted, 'push');
  }

  /**
   * Takes the current session out of the lists, or brings one back. Its documents stay in the history of its memory.
   *
   * @returns the session that was deleted, or brought back
   */
  async setDeleted(sessionId: string, isDeleted: boolean): Promise<Session | undefined> {
    if (!(await this.#saved())) return undefined;
    try {
      const [row] = await this.#persistence.queryMemory({ agent: sessionId });
      const session = row && fromMemory(row);
      if (!row || !session) return undefined;
      const changed: Session = { ...session, isDeleted };
      const { version } = await this.#persistence.saveMemory({
        ...memoryOf(changed),
        ifVersion: row.version,
      });
      if (isDeleted && this.#state.current?.id === sessionId) {
        const next = this.#stored.find(({ session: other }) => other.id !== sessionId);
        if (next) this.#select(next, 'replace');
        else this.#setState({ current: undefined });
      } else if (!isDeleted) this.#select({ session: changed, version }, 'push');
      return changed;
    } catch (error) {
      this.#setState({ failure: reportDatabaseFailure(error) });
      return undefined;
    }
  }

  /** Changes the current session. */
  edit(change: (session: Session) => Session): void {
    const { current } = this.#state;
    const changed = current && change(current);
    if (!changed || changed === current) return;
    this.#setState({ current: changed, saving: 'unsaved' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), SAVE_DELAY_MS);
  }

  /** Saves unsaved edits. Never rejects: a failure is in the state. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  /** Saves until nothing is unsaved. @returns false when a save failed, so that the edits are only in this tab */
  async #saved(): Promise<boolean> {
    do await this.flush();
    while (this.#state.saving === 'unsaved');
    return this.#state.saving === 'saved';
  }

  async #save(): Promise<void> {
    const { current, saving } = this.#state;
    const base = this.#base;
    if (!current || !base || saving === 'saved') return;
    this.#savesStarted += 1;
    try {
      const { version } = await this.#persistence.saveMemory({
        ...memoryOf(current),
        ifVersion: base.version,
      });
      this.#base = { session: current, version };
      if (this.#state.current === current) this.#setState({ saving: 'saved', failure: undefined });
    } catch (error) {
      const failure = reportDatabaseFailure(error);
      if (failure.code === 'VERSION_CONFLICT') await this.#mergeAndSave(current.id);
      else this.#setState({ saving: 'failed', failure });
    } finally {
      this.#savesEnded += 1;
    }
  }

  /** Merges what another tab has saved into the current session and saves that. */
  async #mergeAndSave(sessionId: string): Promise<void> {
    try {
      const [row] = await this.#persistence.queryMemory({ agent: sessionId });
      const session = row && fromMemory(row);
      if (session) this.#takeOver({ session, version: row.version });
      // The session is gone: the database was reset or replaced by an import. These edits bring it back.
      else if (this.#base) this.#base = { session: this.#base.session, version: row?.version ?? 0 };
      await this.#save();
    } catch (error) {
      this.#setState({ saving: 'failed', failure: reportDatabaseFailure(error) });
    }
  }

  /** Takes over the stored version of the current session, with the unsaved edits of this tab merged into it. */
  #takeOver(stored: StoredSession): void {
    const { current, saving } = this.#state;
    if (!current) return;
    const base = saving === 'saved' ? undefined : this.#base;
    const { session, conflicts } = base
      ? mergeSessions(base.session, current, stored.session)
      : { session: stored.session, conflicts: [] };
    this.#base = stored;
    const isStored = isSameSession(session, stored.session);
    this.#setState({ current: session, saving: isStored ? 'saved' : saving });
    if (conflicts.length > 0) this.#onConflicts(conflicts);
  }

  /** @param how - `push` for a choice of the user, which Back takes back */
  #select(stored: StoredSession, how: 'push' | 'replace'): void {
    this.#base = stored;
    const { session } = stored;
    this.#setState({ current: session, saving: 'saved', failure: undefined });
    const address = currentAddress();
    if (address.session !== session.id) {
      navigate({ ...address, session: session.id }, address.session === undefined ? 'replace' : how);
    }
  }

  async #readStored(): Promise<void> {
    const savesStarted = this.#savesStarted;
    const saving = savesStarted !== this.#savesEnded;
    try {
      const stored: StoredSession[] = [];
      for await (const row of this.#persistence.queryMemory({ agent: SESSION_PATTERN })) {
        const session = fromMemory(row);
        if (session && session.isDeleted !== true) stored.push({ session, version: row.version });
        if (stored.length === LISTED_SESSIONS) break;
      }
      this.#merge(
        stored.toSorted((a, b) => (a.session.startedAt < b.session.startedAt ? 1 : -1)),
        !saving && savesStarted === this.#savesStarted,
      );
    } catch (error) {
      this.#setState({ loaded: true, failure: reportDatabaseFailure(error) });
    }
  }

  /**
   * Takes over the stored sessions.
   *
   * @param isFresh - true when this tab saved nothing during the query
   */
  #merge(stored: readonly StoredSession[], isFresh: boolean): void {
    const before = this.#stored;
    this.#stored = stored;
    this.#setState({ loaded: true, stored: stored.map(({ session }) => session) });
    const { current, saving } = this.#state;
    if (!current) {
      const first = stored.find(({ session }) => session.id === currentAddress().session) ?? stored[0];
      if (first) this.#select(first, 'replace');
      return;
    }
    if (!isFresh) return;
    const isCurrent = ({ session }: StoredSession): boolean => session.id === current.id;
    const newer = stored.find(isCurrent);
    if (newer) this.#takeOver(newer);
    // The session is gone: the database was reset or replaced by an import.
    else if (saving === 'saved' && before.some(isCurrent) && stored.length < LISTED_SESSIONS) {
      if (stored[0]) this.#select(stored[0], 'replace');
      else this.#setState({ current: undefined });
    }
  }

  #setState(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function memoryOf(session: Session): { agentId: string; agentType: string; memory: Record<string, unknown> } {
  return { agentId: session.id, agentType: SESSION_AGENT_TYPE, memory: toMemory(session) };
}
