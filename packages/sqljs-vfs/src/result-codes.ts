/**
 * SQLite's result codes that this package and its users meet, under SQLite's names without the `SQLITE_` prefix
 * (https://www.sqlite.org/rescode.html).
 */
export const ResultCode = {
  OK: 0,
  ERROR: 1,
  BUSY: 5,
  NOMEM: 7,
  READONLY: 8,
  INTERRUPT: 9,
  IOERR: 10,
  CORRUPT: 11,
  NOTFOUND: 12,
  FULL: 13,
  CANTOPEN: 14,
  TOOBIG: 18,
  CONSTRAINT: 19,
  NOTADB: 26,
  DONE: 101,
  IOERR_READ: 266,
  IOERR_SHORT_READ: 522,
  IOERR_WRITE: 778,
  IOERR_FSYNC: 1034,
  IOERR_TRUNCATE: 1546,
  IOERR_FSTAT: 1802,
  IOERR_UNLOCK: 2058,
  IOERR_DELETE: 2570,
  IOERR_ACCESS: 3338,
  IOERR_CHECKRESERVEDLOCK: 3594,
  IOERR_LOCK: 3850,
  IOERR_CLOSE: 4106,
  IOERR_DELETE_NOENT: 5898,
} as const;
