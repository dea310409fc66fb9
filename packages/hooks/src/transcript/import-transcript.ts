import fs from 'node:fs';
import { createInterface } from 'node:readline';
import type { Persistence } from '@ggen-sim/core';
import { sessionOf, textField } from '../mapping/event-row.ts';
import { storeEvents } from '../mapping/store-events.ts';
import type { EventOptions, HookEvent } from '../recording/hook-event.ts';
import { TranscriptReader } from './transcript-events.ts';

/** Result of {@link importTranscript}. */
export interface TranscriptReport {
  /** Number of lines of the file. */
  readonly lines: number;
  /** Number of events that the lines tell of. */
  readonly events: number;
  /** Number of rows of the audit trail that were not stored before. */
  readonly stored: number;
  /** Number of events that the database refuses. */
  readonly refused: number;
}

const BATCH_EVENTS = 500;

/**
 * Stores what the transcript of a session tells, under the ids that hooks give: what they have recorded stays as it is, and
 * the rest is added.
 * @throws a system error when the file cannot be read
 */
export async function importTranscript(
  database: Persistence,
  file: string,
  options: EventOptions = {},
): Promise<TranscriptReport> {
  const reader = new TranscriptReader(options);
  const total = { lines: 0, events: 0, stored: 0, refused: 0 };
  let batch: HookEvent[] = [];
  const flush = async (): Promise<void> => {
    const { stored, refused } = await storeEvents(database, batch);
    total.events += batch.length;
    total.stored += stored;
    total.refused += refused.length;
    batch = [];
  };
  const add = async (events: readonly HookEvent[]): Promise<void> => {
    for (const event of events) if (!(await isTurnWithReceipt(database, event))) batch.push(event);
    if (batch.length >= BATCH_EVENTS) await flush();
  };
  for await (const line of createInterface({ input: fs.createReadStream(file), crlfDelay: Infinity })) {
    total.lines++;
    await add(reader.read(line));
  }
  await add(reader.end());
  await flush();
  return total;
}

/** True for the end of a turn whose receipt is stored: by a hook, or by an earlier import. */
async function isTurnWithReceipt(database: Persistence, event: HookEvent): Promise<boolean> {
  if (event.payload['hook_event_name'] !== 'Stop') return false;
  const execution = `${sessionOf(event)}:${textField(event.payload, 'prompt_id') ?? ''}`;
  return (await database.queryReceipts({ execution, limit: 1 })).length > 0;
}
