import { auditCases } from './suite/audit-cases.ts';
import { backupCases } from './suite/backup-cases.ts';
import { bulkCases } from './suite/bulk-cases.ts';
import { changeCases } from './suite/change-cases.ts';
import { filterCases } from './suite/filter-cases.ts';
import { imageCases } from './suite/image-cases.ts';
import { lifecycleCases } from './suite/lifecycle-cases.ts';
import { maintenanceCases } from './suite/maintenance-cases.ts';
import { memoryCases } from './suite/memory-cases.ts';
import { proofCases } from './suite/proof-cases.ts';
import { receiptCases } from './suite/receipt-cases.ts';
import { recordCases } from './suite/record-cases.ts';
import { reportCases } from './suite/report-cases.ts';
import { removalCases } from './suite/removal-cases.ts';
import { selectionCases } from './suite/selection-cases.ts';
import { sqlCases } from './suite/sql-cases.ts';
import { textCases } from './suite/text-cases.ts';
import { timeSeriesCases } from './suite/time-series-cases.ts';
import { type PersistenceCase, PersistenceTestContext } from './persistence-case.ts';
import type { PersistenceHarness } from './persistence-harness.ts';
import type { TestFramework } from './test-framework.ts';

/** A case that does not apply to an implementation. */
export interface SkippedCase {
  /** Full title of the case. */
  readonly case: string;
  /** The reason, shown beside the title. */
  readonly reason: string;
}

/** Options of {@link describePersistence}. */
export interface DescribePersistenceOptions {
  readonly framework: TestFramework;
  /**
   * Reason why no clock can be passed to `open`, for example that a function cannot be sent to a worker. Cases that set
   * the time are then skipped.
   */
  readonly withoutClock?: string;
  readonly skip?: readonly SkippedCase[];
}

/** Every case of the suite, in the order they run. */
export const persistenceCases: readonly PersistenceCase[] = [
  ...receiptCases,
  ...memoryCases,
  ...auditCases,
  ...recordCases,
  ...selectionCases,
  ...filterCases,
  ...bulkCases,
  ...textCases,
  ...reportCases,
  ...timeSeriesCases,
  ...maintenanceCases,
  ...removalCases,
  ...backupCases,
  ...imageCases,
  ...changeCases,
  ...sqlCases,
  ...proofCases,
  ...lifecycleCases,
];

/**
 * Tests an implementation of `Persistence` against everything the interface promises, with any storage, in process or
 * behind a worker.
 *
 * @param makeHarness - called once per case; its database must be empty
 * @throws {RangeError} if a skipped case does not exist, so that no skip outlives its case
 * @example
 * import { describe, expect, it } from 'vitest';
 * describePersistence('file', () => {
 *   const path = newTemporaryPath();
 *   return { open: (options) => openPersistence({ storage: 'file', path, ...options }) };
 * }, { framework: { describe, expect, it } });
 */
export function describePersistence(
  name: string,
  makeHarness: () => PersistenceHarness | Promise<PersistenceHarness>,
  { framework: { describe, it, expect }, withoutClock, skip = [] }: DescribePersistenceOptions,
): void {
  const reasons = new Map(skip.map((skipped) => [skipped.case, skipped.reason]));
  const titles = new Set(persistenceCases.map(({ title }) => title));
  const unknown = [...reasons.keys()].filter((title) => !titles.has(title));
  if (unknown.length > 0) throw new RangeError(`no such case: ${unknown.join('; ')}`);
  describe(`persistence: ${name}`, () => {
    for (const persistenceCase of persistenceCases) {
      const { title, needs } = persistenceCase;
      const body = async (): Promise<void> => {
        const context = new PersistenceTestContext(await makeHarness(), expect, withoutClock === undefined);
        try {
          await persistenceCase.run(context);
        } finally {
          await context.end();
        }
      };
      const reason = reasons.get(title) ?? (needs === 'clock' ? withoutClock : undefined);
      if (reason === undefined) it(title, body);
      else it.skip(`${title} (skipped: ${reason})`, body);
    }
  });
}
