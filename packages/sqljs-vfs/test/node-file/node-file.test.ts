import { describe, expect, it } from 'vitest';
import { describeStorage } from '../../src/testing/index.ts';
import { NOT_FOR_ENCRYPTED_FILES } from '../contract/encrypted-skips.ts';
import { fileHarness, ONE_GIGABYTE_IS_ENOUGH } from './file-harness.ts';

const framework = { describe, expect, it };

describeStorage('file', fileHarness, { framework });

describeStorage('file, encrypted', () => ({ ...fileHarness(), key: new Uint8Array(32).fill(7) }), {
  framework,
  skip: NOT_FOR_ENCRYPTED_FILES,
});

describeStorage('file, single process', () => fileHarness({ singleProcess: true }), {
  framework,
  skip: ONE_GIGABYTE_IS_ENOUGH,
});
