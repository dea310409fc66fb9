import { contentCases } from './suite/content-cases.ts';
import { nameCases } from './suite/name-cases.ts';
import { lockCases } from './suite/lock-cases.ts';
import { databaseCases } from './suite/database-cases.ts';
import { exportCases } from './suite/export-cases.ts';
import { sharingCases } from './suite/sharing-cases.ts';
import { failureCases } from './suite/failure-cases.ts';
import { type StorageCase, StorageTestContext } from './storage-case.ts';
import type { StorageHarness } from './storage-harness.ts';
import type { TestFramework } from './test-framework.ts';

/** A case that does not apply to a storage. */
export interface SkippedCase {
  /** Full title of the case. */
  readonly case: string;
  /** The reason, shown beside the title. */
  readonly reason: string;
}

/** Options of {@link describeStorage}. */
export interface DescribeStorageOptions {
  readonly framework: TestFramework;
  readonly skip?: readonly SkippedCase[];
}

/** Every case of the suite, in the order they run. */
export const storageCases: readonly StorageCase[] = [
  ...contentCases,
  ...nameCases,
  ...lockCases,
  ...databaseCases,
  ...exportCases,
  ...sharingCases,
  ...failureCases,
];

/**
 * Tests a storage against every promise of `storage.ts`, and against the needs of a database on it.
 *
 * @param makeHarness - called once per case; its storage must be empty
 * @throws {RangeError} if a skipped case does not exist, so that no skip outlives its case
 * @example
 * import { describe, expect, it } from 'vitest';
 * describeStorage('memory', () => {
 *   const disk = new MemoryDisk();
 *   return { storage: () => memoryStorage(disk) };
 * }, { framework: { describe, expect, it } });
 */
export function describeStorage(
  name: string,
  makeHarness: () => StorageHarness | Promise<StorageHarness>,
  { framework: { describe, it, expect }, skip = [] }: DescribeStorageOptions,
): void {
  const reasons = new Map(skip.map((skipped) => [skipped.case, skipped.reason]));
  const titles = new Set(storageCases.map(({ title }) => title));
  const unknown = [...reasons.keys()].filter((title) => !titles.has(title));
  if (unknown.length > 0) throw new RangeError(`no such case: ${unknown.join('; ')}`);
  describe(`storage contract: ${name}`, () => {
    for (const storageCase of storageCases) {
      const { title } = storageCase;
      const body = async (): Promise<void> => {
        const context = new StorageTestContext(await makeHarness(), expect);
        try {
          await storageCase.run(context);
        } finally {
          await context.end();
        }
      };
      const reason = reasons.get(title);
      if (reason === undefined) it(title, body);
      else it.skip(`${title} (skipped: ${reason})`, body);
    }
  });
}
