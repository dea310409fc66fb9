/** Moves the spool into the database. A process that is killed anywhere here loses nothing and stores nothing twice. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import type { Persistence } from '@ggen-sim/core';
import { storeEvents } from '../mapping/store-events.ts';
import type { HookEvent } from '../recording/hook-event.ts';
import { giveTurnBack, noteFailure, takeTurn } from './drain-turn.ts';
import { hasSpooledEvents, removeTaken, spoolPath, takeSpool } from './spool-file.ts';

/** Options of {@link drain}. */
export interface DrainOptions {
  /** True for the process that a hook has started: it has the turn already. */
  readonly hasTurn?: boolean;
}

/** Result of {@link drain}. */
export interface DrainReport {
  /** Number of rows of the audit trail that were not stored before. */
  readonly stored: number;
  /** Number of lines that are no events, or that the database refuses. They are kept in `FILE-hooks.refused`. */
  readonly refused: number;
}

/** Number of events that are stored together. */
const BATCH_EVENTS = 500;

/**
 * Stores the events that hooks have left for a database. Does nothing while another process does so.
 * @throws {PersistenceError} as `storeEvents`; the events stay in the spool
 */
export async function drain(
  database: Persistence,
  databasePath: string,
  { hasTurn = false }: DrainOptions = {},
): Promise<DrainReport> {
  const total = { stored: 0, refused: 0 };
  let isOurs = hasTurn;
  while (isOurs || takeTurn(databasePath, true)) {
    isOurs = false;
    try {
      for (const file of takeSpool(databasePath, randomUUID().slice(0, 8))) {
        const { stored, refused } = await storeFile(database, databasePath, file);
        total.stored += stored;
        total.refused += refused;
      }
    } catch (error) {
      noteFailure(databasePath);
      throw error;
    }
    giveTurnBack(databasePath);
    if (!hasSpooledEvents(databasePath)) break;
  }
  return total;
}

async function storeFile(database: Persistence, databasePath: string, file: string): Promise<DrainReport> {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    // Another drainer has stored and removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { stored: 0, refused: 0 };
    throw error;
  }
  const refusedLines: string[] = [];
  const events: HookEvent[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = eventIn(line);
    if (event === undefined) refusedLines.push(line);
    else events.push(event);
  }
  let stored = 0;
  for (let begin = 0; begin < events.length; begin += BATCH_EVENTS) {
    const report = await storeEvents(database, events.slice(begin, begin + BATCH_EVENTS));
    stored += report.stored;
    refusedLines.push(...report.refused.map((refused) => JSON.stringify(refused)));
  }
  if (refusedLines.length > 0)
    fs.appendFileSync(`${spoolPath(databasePath)}.refused`, `${refusedLines.join('\n')}\n`, { mode: 0o600 });
  removeTaken(file);
  return { stored, refused: refusedLines.length };
}

function eventIn(line: string): HookEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<HookEvent> | null;
    const isEvent =
      typeof event?.id === 'string' &&
      typeof event.at === 'string' &&
      !Number.isNaN(Date.parse(event.at)) &&
      typeof event.agent === 'string' &&
      typeof event.payload === 'object' &&
      event.payload !== null;
    return isEvent ? (event as HookEvent) : undefined;
  } catch {
    return undefined;
  }
}
