/** An error as the page shows it: what happened, and what to do. */
export interface Failure {
  /** The stable code of a `PersistenceError` or `AgentError`; `UNEXPECTED` for anything else. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** What to do, for codes whose errors carry no hint of their own. */
const HINTS: Readonly<Record<string, string>> = {
  DISK_FULL: 'Free some room or download the database, then try again. What was saved before is kept.',
  DATABASE_LOCKED: 'Another tab held the database for too long. Try again; close other tabs if it stays so.',
  WORKER_GONE: 'Reload the page. What was acknowledged is stored.',
  CLOSED: 'Reload the page to open the database again.',
  NOT_A_DATABASE: 'Choose a .db file that was downloaded here or made by ggen-sim.',
  CORRUPT: 'Choose another copy of the file. What is stored here was left as it is.',
  NEWER_SCHEMA: 'Reload for a newer version of this page, or use the program that wrote the file.',
  STORAGE_UNAVAILABLE: 'Leave private browsing or allow site data for this page, then reload.',
  UNEXPECTED: 'Try again. If it happens again, reload the page; what was acknowledged is stored.',
};

/** Makes what was thrown showable. By shape, not by class: it may come from a worker. */
export function failureOf(error: unknown): Failure {
  const known = error as { code?: unknown; message?: unknown; hint?: unknown } | null | undefined;
  const code = typeof known?.code === 'string' ? known.code : 'UNEXPECTED';
  const message = typeof known?.message === 'string' && known.message !== '' ? known.message : String(error);
  const hint = typeof known?.hint === 'string' && known.hint !== '' ? known.hint : HINTS[code];
  return { code, message, hint };
}
