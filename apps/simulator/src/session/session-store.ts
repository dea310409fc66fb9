import type { Persistence } from '@ggen-sim/core';
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

/** Typing pauses this long before it is saved, so that not every key is a commit. */
const SAVE_AFTER_MS = 600;

/** The newest sessions that can be gone back to; older ones stay in the database. */
const LISTED_SESSIONS = 30;

/** Sessions as the page shows them. */
export interface SessionState {
  /** False until the stored sessions have been read once. */
  readonly loaded: boolean;
  readonly current: Session | undefined;
  /** Newest first. */
  readonly stored: readonly Session[];
  readonly saving: 'saved' | 'unsaved' | 'failed';
  readonly failure: Failure | undefined;
}

/**
 * The current session between screen and database. Rules:
 * 1. An edit shows at once and is saved when typing pauses, before a run, and when the page is hidden.
 * 2. What another tab saved is taken over, unless there are edits here that are not saved yet: the later save wins.
 * 3. Which session is current is this tab's own affair, and stands in the address.
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
  /** Saves begun, and saves ended. A read that overlaps one may bring what was there before it. */
  #savesBegun = 0;
  #savesEnded = 0;
  #reading = false;
  #readAgain = false;

  constructor(persistence: Persistence) {
    this.#persistence = persistence;
  }

  readonly state = (): SessionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Follows the database until the returned function is called. */
  connect(): () => void {
    void this.#read();
    const endChanges = this.#persistence.subscribe(({ tables }) => {
      if (tables.includes('agent_memory')) void this.#read();
    });
    const onHidden = (): void => {
      if (document.visibilityState === 'hidden') void this.flush();
    };
    const onAddress = (): void => this.open(addressedSession());
    document.addEventListener('visibilitychange', onHidden);
    window.addEventListener('hashchange', onAddress);
    return () => {
      void this.flush();
      endChanges();
      document.removeEventListener('visibilitychange', onHidden);
      window.removeEventListener('hashchange', onAddress);
    };
  }

  /** Starts a session with these documents and logs that it began. */
  async start(documents: readonly NewDocument[]): Promise<void> {
    await this.flush();
    const session = newSession(documents);
    this.#savesBegun += 1;
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
      this.#show(session);
    } catch (error) {
      this.#become({ failure: reportDatabaseFailure(error) });
    } finally {
      this.#savesEnded += 1;
    }
  }

  /** Makes a stored session the current one. */
  open(sessionId: string | undefined): void {
    const session = this.#state.stored.find(({ id }) => id === sessionId);
    if (!session || session.id === this.#state.current?.id) return;
    void this.flush();
    this.#show(session);
  }

  /** Changes the current session. */
  edit(change: (session: Session) => Session): void {
    const { current } = this.#state;
    if (!current) return;
    this.#become({ current: change(current), saving: 'unsaved' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), SAVE_AFTER_MS);
  }

  /** Saves what is not saved yet. Never rejects: a failure is in the state. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { current, saving } = this.#state;
    if (!current || saving === 'saved') return;
    this.#savesBegun += 1;
    try {
      await this.#persistence.saveMemory(memoryOf(current));
      if (this.#state.current === current) this.#become({ saving: 'saved', failure: undefined });
    } catch (error) {
      this.#become({ saving: 'failed', failure: reportDatabaseFailure(error) });
    } finally {
      this.#savesEnded += 1;
    }
  }

  #show(session: Session): void {
    this.#become({ current: session, saving: 'saved', failure: undefined });
    history.replaceState(null, '', `#${session.id}`);
  }

  async #read(): Promise<void> {
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    while (this.#readAgain) {
      this.#readAgain = false;
      const savesBegun = this.#savesBegun;
      const overlapping = savesBegun !== this.#savesEnded;
      try {
        const stored: Session[] = [];
        for await (const row of this.#persistence.queryMemory({ agent: SESSION_PATTERN })) {
          const session = fromMemory(row);
          if (session) stored.push(session);
          if (stored.length === LISTED_SESSIONS) break;
        }
        this.#adopt(
          stored.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1)),
          !overlapping && savesBegun === this.#savesBegun,
        );
      } catch (error) {
        this.#become({ loaded: true, failure: reportDatabaseFailure(error) });
      }
    }
    this.#reading = false;
  }

  /** @param fresh - whether nothing was being saved here during the read */
  #adopt(stored: readonly Session[], fresh: boolean): void {
    const { current, saving, stored: before } = this.#state;
    this.#become({ loaded: true, stored });
    if (!current) {
      const first = stored.find(({ id }) => id === addressedSession()) ?? stored[0];
      if (first) this.#show(first);
      return;
    }
    if (saving !== 'saved' || !fresh) return;
    const isCurrent = ({ id }: Session): boolean => id === current.id;
    const newer = stored.find(isCurrent);
    if (newer) this.#become({ current: newer });
    // Gone: the database was reset, or replaced by another.
    else if (before.some(isCurrent) && stored.length < LISTED_SESSIONS) this.#become({ current: stored[0] });
  }

  #become(change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function memoryOf(session: Session): { agentId: string; agentType: string; memory: Record<string, unknown> } {
  return { agentId: session.id, agentType: SESSION_AGENT_TYPE, memory: toMemory(session) };
}

function addressedSession(): string | undefined {
  return location.hash === '' ? undefined : location.hash.slice(1);
}
