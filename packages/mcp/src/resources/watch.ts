/** Notifications of what changes: the events of the change log, as URIs of the resources that they change. */
import type { ChangeEvent, MemoryRow, Persistence } from '@ggen-sim/core';
import { MAX_SUBSCRIPTIONS, MAX_URI_CHARACTERS } from '../limits.ts';
import { ToolError } from '../tool-errors.ts';
import { auditUri, memoryUri, receiptUri } from './uris.ts';

/** Time for which changes are collected, so that a thousand saves make few notifications. */
const COLLECT_MS = 50;

/** Receives what has changed. */
export interface ChangeNotices {
  /** Called with a subscribed URI whose content has changed. */
  readonly updated: (uri: string) => Promise<void>;
  /** Called when the list has other resources than before. */
  readonly listChanged: () => Promise<void>;
}

/** Follows the change log from the first subscription on. */
export class ResourceWatch {
  readonly #database: Persistence;
  readonly #notices: ChangeNotices;
  readonly #subscribed = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #end = new AbortController();
  #hasNewResources = false;
  #timer: NodeJS.Timeout | undefined;
  #started: Promise<void> | undefined;
  /** True when something may have changed while nothing was followed. */
  #hasGap = false;

  constructor(database: Persistence, notices: ChangeNotices) {
    this.#database = database;
    this.#notices = notices;
  }

  /**
   * Reports the changes of a resource that come after this has resolved, or before.
   * @throws {ToolError} TOO_LARGE
   */
  async subscribe(uri: string): Promise<void> {
    this.#checkRoomFor(uri);
    await this.start();
    // Others may have subscribed meanwhile.
    this.#checkRoomFor(uri);
    this.#subscribed.add(uri);
  }

  #checkRoomFor(uri: string): void {
    const isFull = this.#subscribed.size >= MAX_SUBSCRIPTIONS && !this.#subscribed.has(uri);
    if (isFull || uri.length > MAX_URI_CHARACTERS) {
      throw new ToolError(
        'TOO_LARGE',
        `A client may be subscribed to ${MAX_SUBSCRIPTIONS} URIs, of at most ${MAX_URI_CHARACTERS} characters each`,
        'Unsubscribe from some.',
      );
    }
  }

  unsubscribe(uri: string): void {
    this.#subscribed.delete(uri);
  }

  /** Begins to follow. Does nothing while it follows; tries again after a failure, and where there was no change log. */
  start(): Promise<void> {
    this.#started ??= this.#begin();
    return this.#started;
  }

  async #begin(): Promise<void> {
    let isFollowing = false;
    try {
      const { enabled, lastSeq } = await this.#database.historyStatus();
      isFollowing = enabled;
      if (enabled) void this.#follow(lastSeq);
    } finally {
      if (!isFollowing) this.#onEnd();
    }
    if (isFollowing && this.#hasGap) {
      this.#hasGap = false;
      this.#noteAll();
    }
  }

  /** The next request begins again, with what was not followed meanwhile. */
  #onEnd(): void {
    this.#started = undefined;
    this.#hasGap = true;
  }

  /** Ends all notifications. */
  close(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  async #follow(lastSeq: number): Promise<void> {
    const { signal } = this.#end;
    let after: number | string = lastSeq;
    while (!signal.aborted) {
      try {
        for await (const event of this.#database.changes({ after, follow: true, rows: true, signal })) {
          after = event.id;
          this.#note(event);
        }
      } catch (error) {
        if (!hasCode(error, 'CHANGE_LOG_RESET')) break;
        // Another database took the place of this one: everything may be another.
        after = 'latest';
        this.#noteAll();
      }
    }
    this.#onEnd();
  }

  #noteAll(): void {
    for (const uri of this.#subscribed) this.#changed.add(uri);
    this.#hasNewResources = true;
    this.#collect();
  }

  #note({ data, time }: ChangeEvent): void {
    if (data.rowId === null) {
      this.#noteAll();
      return;
    }
    if (data.table === 'receipts') this.#changed.add(receiptUri(data.rowId));
    const memory = data.table === 'agent_memory' ? (data.row as MemoryRow | null | undefined) : undefined;
    if (memory) this.#changed.add(memoryUri(memory.agentId));
    if (data.table === 'audit_log' && time !== undefined) this.#changed.add(auditUri(time.slice(0, 10)));
    if (data.table !== 'audit_log') this.#hasNewResources = true;
    this.#collect();
  }

  #collect(): void {
    this.#timer ??= setTimeout(() => void this.#send(), COLLECT_MS);
  }

  async #send(): Promise<void> {
    const changed = [...this.#changed].filter((uri) => this.#subscribed.has(uri));
    const hasNewResources = this.#hasNewResources;
    this.#changed.clear();
    this.#hasNewResources = false;
    try {
      for (const uri of changed) await this.#notices.updated(uri);
      if (hasNewResources) await this.#notices.listChanged();
    } catch {
      // The client has gone, and with it everybody who would read this.
    }
    this.#timer = undefined;
    if (this.#changed.size > 0 || this.#hasNewResources) this.#collect();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
