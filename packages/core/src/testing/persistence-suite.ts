import { auditCases } from './suite/audit-cases.ts';
import { backupCases } from './suite/backup-cases.ts';
import { imageCases } from './suite/image-cases.ts';
import { lifecycleCases } from './suite/lifecycle-cases.ts';
import { maintenanceCases } from './suite/maintenance-cases.ts';
import { memoryCases } from './suite/memory-cases.ts';
import { receiptCases } from './suite/receipt-cases.ts';
import { recordCases } from './suite/record-cases.ts';
import { reportCases } from './suite/report-cases.ts';
import { textCases } from './suite/text-cases.ts';
import { type PersistenceCase, PersistenceScene } from './persistence-case.ts';
import type { PersistencePlace } from './persistence-place.ts';
import type { TestFramework } from './test-framework.ts';

/** A case that does not apply to an implementation. */
export interface SkippedCase {
  /** The case's whole title. */
  readonly case: string;
  /** Why not; shown beside the title. */
  readonly reason: string;
}

/** Options of {@link describePersistence}. */
export interface DescribePersistenceOptions {
  readonly framework: TestFramework;
  /** Why no clock can be handed to `open` (functions do not cross to a worker). Cases that set the time are skipped. */
  readonly withoutClock?: string;
  readonly skip?: readonly SkippedCase[];
}

/** Every case of the suite, in the order in which they run. */
export const persistenceCases: readonly PersistenceCase[] = [
  ...receiptCases,
  ...memoryCases,
  ...auditCases,
  ...recordCases,
  ...textCases,
  ...reportCases,
  ...maintenanceCases,
  ...backupCases,
  ...imageCases,
  ...lifecycleCases,
];

/**
 * Holds an implementation of `Persistence` to everything the interface says, whatever is behind it: this process, a
 * worker, a file, a page.
 *
 * @param makePlace - called once a case; the place must be empty
 * @throws RangeError when a skipped case does not exist, so that no skip outlives its case
 * @example
 * import { describe, expect, it } from 'vitest';
 * describePersistence('file', () => {
 *   const path = newTemporaryPath();
 *   return { open: (options) => openPersistence({ storage: 'file', path, ...options }) };
 * }, { framework: { describe, expect, it } });
 */
export function describePersistence(
  name: string,
  makePlace: () => PersistencePlace | Promise<PersistencePlace>,
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
        const scene = new PersistenceScene(await makePlace(), expect, withoutClock === undefined);
        try {
          await persistenceCase.run(scene);
        } finally {
          await scene.end();
        }
      };
      const reason = reasons.get(title) ?? (needs === 'clock' ? withoutClock : undefined);
      if (reason === undefined) it(title, body);
      else it.skip(`${title} (skipped: ${reason})`, body);
    }
  });
}
