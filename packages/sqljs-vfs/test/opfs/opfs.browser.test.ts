import { describe, expect, it } from 'vitest';
import { describeStorage, type SkippedCase, storageCases } from '../../src/testing/index.ts';
import { NOT_FOR_ENCRYPTED_FILES } from '../contract/encrypted-skips.ts';
import { inWorker, madeByWorker } from '../contract/suite-in-worker.browser.ts';

const NOT_FOR_OPFS: readonly SkippedCase[] = [
  {
    case: 'refusal: a file in WAL mode stays the same, unless opened with `exclusive`',
    reason: 'only a killed owner leaves such a file, and its log is taken over',
  },
  {
    case: 'promise 3: a hole at 1 GiB, at the lock bytes, reads as zeros',
    reason: 'a private window keeps these files in memory, holes included',
  },
  {
    case: 'promise 3: offsets beyond 4 GiB are not truncated to 32 bits',
    reason: 'a private window keeps these files in memory, which has less room',
  },
  {
    case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
    reason: 'a gigabyte takes long to write, and the file storage writes one already',
  },
];

describeStorage('opfs, in a dedicated worker', madeByWorker, {
  framework: { describe, expect, it: inWorker('opfs', it) },
  skip: NOT_FOR_OPFS,
});

// Encryption is between SQLite and the files, so cases that open files only would be the same again.
const isFilesOnly = ({ title }: { readonly title: string }): boolean => title.startsWith('promise ');

describeStorage('opfs, encrypted, in a dedicated worker', madeByWorker, {
  framework: { describe, expect, it: inWorker('encryptedOpfs', it) },
  skip: [
    ...NOT_FOR_OPFS.filter((skipped) => !skipped.case.startsWith('promise ')),
    ...NOT_FOR_ENCRYPTED_FILES,
    ...storageCases
      .filter(isFilesOnly)
      .map(({ title }) => ({ case: title, reason: 'no database is opened' })),
  ],
});
