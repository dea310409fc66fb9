import type { ReadSettings, ReaderThread } from './row-reader.ts';

/** The database of a page has a thread of its own already, and would need a file of a worker for another. */
export function startReader(
  _settings: ReadSettings,
  _signal: AbortSignal | undefined,
): Promise<ReaderThread | undefined> {
  return Promise.resolve(undefined);
}
