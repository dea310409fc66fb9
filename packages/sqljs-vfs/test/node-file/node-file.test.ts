import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileStorage } from '../../src/storages/node-file/node-file.node.ts';
import { type StorageHarness, describeStorage } from '../../src/testing/index.ts';

function folderHarness(options: { singleProcess: boolean }): StorageHarness {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sqljs-vfs-'));
  return {
    storage: () => fileStorage(path.join(folder, 'data.db'), options),
    remove: () => fs.rmSync(folder, { recursive: true }),
  };
}

const framework = { describe, expect, it };

describeStorage('file', () => folderHarness({ singleProcess: false }), { framework });

describeStorage(
  'file, encrypted',
  () => ({ ...folderHarness({ singleProcess: false }), key: new Uint8Array(32).fill(7) }),
  {
    framework,
    skip: [
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
    ],
  },
);

describeStorage('file, single process', () => folderHarness({ singleProcess: true }), {
  framework,
  skip: [
    {
      case: 'database: beyond 1 GiB the page with the lock bytes is unused and the file is intact',
      reason: 'one gigabyte per run is enough: the bytes take the same path as with locks',
    },
  ],
});
