import type { SkippedCase } from '../../src/testing/index.ts';

/** Cases of the storage suite that do not apply to an encrypted file. */
export const NOT_FOR_ENCRYPTED_FILES: readonly SkippedCase[] = [
  {
    case: 'database: every page size works and survives reopening',
    reason: 'the format has pages of 4096 bytes',
  },
  {
    case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
    reason: 'it needs pages of 65,536 bytes to be quick',
  },
  {
    case: 'database: an exported image contains the latest commit and opens elsewhere',
    reason: 'the image is a plain database, which needs no key',
  },
  {
    case: 'sharing: an export of a busy file leaves no transaction open',
    reason: 'the image is a plain database',
  },
  {
    case: 'refusal: a file that is not a database stays the same, byte for byte',
    reason: 'another code: test/codec/damaged-files.test.ts',
  },
  {
    case: 'refusal: a file in WAL mode stays the same, unless opened with `exclusive`',
    reason: 'the test edits plain bytes',
  },
  {
    case: 'refusal: SQLite reports a damaged database, and the file stays the same',
    reason: 'another code: test/codec/damaged-files.test.ts',
  },
  {
    case: 'refusal: the missing end of a truncated last page reads as zeros, not as old memory',
    reason: 'it is an error: test/codec/damaged-files.test.ts',
  },
];
