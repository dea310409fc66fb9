import type { TestInfo } from '@playwright/test';
import type { StoredRows } from '../matchers/expected-rows.ts';
import { receiptReport } from './receipt-report.ts';

/** How many receipts a report has at most. */
const REPORTED_RECEIPTS = 1000;

/** A database that can be attached to a test. */
export interface AttachableDatabase extends Pick<StoredRows, 'queryReceipts'> {
  exportImage(): Promise<Uint8Array>;
}

/**
 * Attaches a database and a report of its receipts to a test that has failed. A database that cannot be read leaves a note:
 * the test is to fail for its own reason.
 *
 * @param name - name of the database file, `ggen.db`
 */
export async function attachAfterFailure(
  testInfo: TestInfo,
  name: string,
  database: AttachableDatabase,
): Promise<void> {
  if (testInfo.status === testInfo.expectedStatus) return;
  const attach = (suffix: string, body: string | Uint8Array, contentType: string): Promise<void> =>
    testInfo.attach(`${name}${suffix}`, { body: Buffer.from(body), contentType });
  try {
    await attach('', await database.exportImage(), 'application/vnd.sqlite3');
    const receipts = await database.queryReceipts({ limit: REPORTED_RECEIPTS });
    await attach('.receipts.txt', receiptReport(receipts), 'text/plain');
  } catch (error) {
    await attach('.unreadable.txt', String(error), 'text/plain');
  }
}
