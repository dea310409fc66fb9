import { describe, expect, it } from 'vitest';
import { describeStorage, NOT_FOR_OPFS, storageCases } from '../../src/testing/index.ts';
import { NOT_FOR_ENCRYPTED_FILES } from '../contract/encrypted-skips.ts';
import { inWorker, madeByWorker } from '../contract/suite-in-worker.browser.ts';

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
