import type { Persistence } from '@ggen-sim/core';
import { coalesce } from '../database/coalesce.ts';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
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
 * 2. A session that another tab saved replaces the one here, unless this tab has unsaved edits. The later save wins.
 * 3. Each tab has its own current session. The URL's fragment names it.
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
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** Counts of saves started and ended. A query that overlaps a save may return the session as it was before. */
  #savesStarted = 0;
  #savesEnded = 0;
  readonly #refresh: () => void = coalesce(() => this.#readStored());

  constructor(persistence: Persistence) {
    this.#persistence = persistence;
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
    const onHashChange = (): void => this.open(sessionIdFromUrl());
    document.addEventListener('visibilitychange', onHidden);
    window.addEventListener('hashchange', onHashChange);
    return () => {
      void this.flush();
      unsubscribe();
      document.removeEventListener('visibilitychange', onHidden);
      window.removeEventListener('hashchange', onHashChange);
    };
  }

  /** Starts a session with these documents and records it in the audit trail. */
  async start(documents: readonly NewDocument[]): Promise<void> {
    await this.flush();
    const session = newSession(documents);
    this.#savesStarted += 1;
    try {
      await this.#persistence.record({
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
      this.#select(session);
    } catch (error) {
      this.#setState({ failure: reportDatabaseFailure(error) });
    } finally {
      this.#savesEnded += 1;
    }
  }

  /** Makes a stored session the current one. */
  open(sessionId: string | undefined): void {
    const session = this.#state.stored.find(({ id }) => id === sessionId);
    if (!session || session.id === this.#state.current?.id) return;
    void this.flush();
    this.#select(session);
  }

  /** Changes the current session. */
  edit(change: (session: Session) => Session): void {
    const { current } = this.#state;
    if (!current) return;
    this.#setState({ current: change(current), saving: 'unsaved' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), SAVE_DELAY_MS);
  }

  /** Saves unsaved edits. Never rejects: a failure is in the state. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { current, saving } = this.#state;
    if (!current || saving === 'saved') return;
    this.#savesStarted += 1;
    try {
      await this.#persistence.saveMemory(memoryOf(current));
      if (this.#state.current === current) this.#setState({ saving: 'saved', failure: undefined });
    } catch (error) {
      this.#setState({ saving: 'failed', failure: reportDatabaseFailure(error) });
    } finally {
      this.#savesEnded += 1;
    }
  }

  #select(session: Session): void {
    this.#setState({ current: session, saving: 'saved', failure: undefined });
    history.replaceState(null, '', `#${session.id}`);
  }

  async #readStored(): Promise<void> {
    const savesStarted = this.#savesStarted;
    const saving = savesStarted !== this.#savesEnded;
    try {
      const stored: Session[] = [];
      for await (const row of this.#persistence.queryMemory({ agent: SESSION_PATTERN })) {
        const session = fromMemory(row);
        if (session) stored.push(session);
        if (stored.length === LISTED_SESSIONS) break;
      }
      this.#merge(
        stored.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1)),
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
  #merge(stored: readonly Session[], isFresh: boolean): void {
    const { current, saving, stored: before } = this.#state;
    this.#setState({ loaded: true, stored });
    if (!current) {
      const first = stored.find(({ id }) => id === sessionIdFromUrl()) ?? stored[0];
      if (first) this.#select(first);
      return;
    }
    if (saving !== 'saved' || !isFresh) return;
    const isCurrent = ({ id }: Session): boolean => id === current.id;
    const newer = stored.find(isCurrent);
    if (newer) this.#setState({ current: newer });
    // The session is gone: the database was reset or replaced by an import.
    else if (before.some(isCurrent) && stored.length < LISTED_SESSIONS)
      this.#setState({ current: stored[0] });
  }

  #setState(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function memoryOf(session: Session): { agentId: string; agentType: string; memory: Record<string, unknown> } {
  return { agentId: session.id, agentType: SESSION_AGENT_TYPE, memory: toMemory(session) };
}

function sessionIdFromUrl(): string | undefined {
  return location.hash === '' ? undefined : location.hash.slice(1);
}
