/** Stable name of an error of this package. The README lists the cause and the remedy of each. */
export type SyncErrorCode =
  /** An option of a function of this package is none. */
  | 'INVALID_ARGUMENT'
  /** The target has other entries of this database than its change log: the file was copied, or an older copy took its place. */
  | 'FORKED'
  /** The entries of a checkpoint are other ones than those that were sent: the change log was rewritten since. It is not cosigned. */
  | 'CHECKPOINT_INCONSISTENT'
  /** The target does not have the entries before those of a push. The engine reads its position again. */
  | 'SYNC_GAP'
  /** The target cannot be reached, or the connection ended before it answered. Doing the same again is without effect twice. */
  | 'SYNC_UNREACHABLE'
  /** The hub refuses the token: there is none, it is a wrong one, or it does not allow this. Or it refuses the page or the name. */
  | 'SYNC_UNAUTHORIZED'
  /** What was sent, or what the target has stored, is not in the form that this version knows. */
  | 'SYNC_INVALID'
  /** The location names no target, or is to be stored and holds a password; or its file is that of something else. */
  | 'SYNC_TARGET_INVALID'
  /** At the stored location is another target: it was made anew, or the token is one of another tenant. */
  | 'SYNC_TARGET_CHANGED'
  /** The database was given another target, or none, while it was synchronised over this one. */
  | 'SYNC_TARGET_REPLACED'
  /** The database has no target yet. */
  | 'SYNC_NOT_SET_UP'
  /** The rows in the target are encrypted, or the database was set up to encrypt them, and no key was given. */
  | 'SYNC_KEY_REQUIRED'
  /** The rows in the target are encrypted with another key, or not at all; or what was given is no key. */
  | 'SYNC_WRONG_KEY'
  /** The target has no key to cosign checkpoints with. */
  | 'SYNC_NO_COSIGNER'
  /** The memory of the agent has no conflict, or none with that version. */
  | 'SYNC_NO_CONFLICT'
  /** Removals or memories were saved here again and again while a pull was stored. What was pulled before is kept. */
  | 'SYNC_BUSY';

/** The class of every error that this package throws on purpose. */
export class SyncError extends Error {
  override readonly name = 'SyncError';
  readonly code: SyncErrorCode;
  /** Remedy, as one sentence. Options of the API are in backticks. */
  readonly hint: string | undefined;
  /** Only of `SYNC_UNREACHABLE`: shortest time after which the target wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: SyncErrorCode,
    message: string,
    details: {
      readonly hint?: string | undefined;
      readonly cause?: unknown;
      readonly retryAfterMs?: number | undefined;
    } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Makes the error of a database whose entries differ from those of the target. */
export function forked(origin: string, reason: string): SyncError {
  return new SyncError(
    'FORKED',
    `The database ${origin} was copied, or an older copy took its place: ${reason}`,
    {
      hint: 'Nothing is lost. Give this file an id of its own with `renewOrigin`; both files then go on.',
    },
  );
}

/** Makes the error of a stored location at which another target is than before. */
export function targetChanged(location: string): SyncError {
  return new SyncError(
    'SYNC_TARGET_CHANGED',
    `At ${location} is another target than before: it was made anew, or the token is one of another tenant`,
    {
      hint: 'Nothing was sent. Give the token of before, or set the target again with `setTarget` to send everything to this one.',
    },
  );
}

/** Makes the error of a database that is to be synchronised over another target now. */
export function targetReplaced(location: string | null): SyncError {
  const since = location === null ? 'no target any more' : `another target: ${location}`;
  return new SyncError('SYNC_TARGET_REPLACED', `The database has ${since}`, {
    hint: 'Nothing more is sent to the one of before. Start again, to synchronise over the one that it has now.',
  });
}
