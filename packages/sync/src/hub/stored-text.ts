/** Texts in the tables of a hub, which another program may have changed. */
import { SyncError } from '../errors.ts';

/** Makes what is stored of a text of users: PostgreSQL stores no zero character, so what JSON escapes is escaped. */
export function toStoredText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Reads what {@link toStoredText} wrote. @throws {SyncError} SYNC_INVALID */
export function fromStoredText(stored: string): string {
  return parseStored(`"${stored}"`) as string;
}

/** Reads JSON. @throws {SyncError} SYNC_INVALID */
export function parseStored(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyncError('SYNC_INVALID', 'The target holds a row that is no JSON', { cause: error });
  }
}
