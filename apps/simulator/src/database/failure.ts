/** An error in the form that the page shows. */
export interface Failure {
  /** The stable code of a `PersistenceError` or `AgentError`; `UNEXPECTED` for anything else. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Hints for codes whose errors carry no hint. */
const HINTS: Readonly<Record<string, string>> = {
  DISK_FULL: 'Free some disk space, then try again. Earlier saves are intact.',
  DATABASE_LOCKED: 'Try again. If the error persists, close the other tabs of this page.',
  WORKER_GONE: 'Reload the page. Everything reported as saved is stored.',
  CONNECTION_LOST: 'Start ggen-sim studio again. Everything reported as saved is stored.',
  UNAUTHORIZED: 'Open the address that ggen-sim studio printed when it started last.',
  CLOSED: 'Reload the page to open the database again.',
  NOT_A_DATABASE: 'Choose a .db file that this page or ggen-sim created.',
  CORRUPT: 'Choose another copy of the file. The database here is unchanged.',
  NEWER_SCHEMA: 'Reload to get the latest version of this page, or use the program that wrote the file.',
  STORAGE_UNAVAILABLE: 'Leave private browsing or allow site data for this page, then reload.',
  UNEXPECTED: 'Try again. If the error persists, reload the page. Everything reported as saved is stored.',
};

/** Converts anything thrown. Checks its shape, not its class, because it may come from a worker. */
export function failureOf(error: unknown): Failure {
  const known = error as { code?: unknown; message?: unknown; hint?: unknown } | null | undefined;
  const code = typeof known?.code === 'string' ? known.code : 'UNEXPECTED';
  const message = typeof known?.message === 'string' && known.message !== '' ? known.message : String(error);
  const hint = typeof known?.hint === 'string' && known.hint !== '' ? known.hint : HINTS[code];
  return { code, message, hint };
}
