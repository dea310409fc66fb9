/** Where to begin in the change log: at an event, a number, or the latest. */
import type { ChangeEvent, Persistence } from '@ggen-sim/core';

/** Where a reader begins. */
export interface Start {
  readonly after: string | number;
  /** Id of the event before, unless there is none. */
  readonly id?: string;
}

/**
 * Finds the event after which a reader begins.
 * @throws {PersistenceError} NO_CHANGE_LOG, CHANGE_LOG_RESET, INVALID_ARGUMENT
 */
export async function startOf(database: Persistence, after: string | number): Promise<Start> {
  if (typeof after === 'string' && after !== 'latest') return { after, id: after };
  const seq = after === 'latest' ? (await database.historyStatus()).lastSeq : after;
  // What is no number of an entry is refused when it is read.
  if (typeof seq !== 'number' || !(seq > 0)) return { after };
  const event = await firstEvent(database, seq - 1);
  return event?.data.seq === seq ? { after: event.id, id: event.id } : { after };
}

/** Reads the first event after a position; undefined when there is none. */
export async function firstEvent(
  database: Persistence,
  after: string | number,
): Promise<ChangeEvent | undefined> {
  for await (const event of database.changes({ after, limit: 1 })) return event;
  return undefined;
}
