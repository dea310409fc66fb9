import type { Page } from '@playwright/test';
import { ggenSim, sqlite3 } from './native-tools.ts';

const ROWS = 100_000;

/**
 * Replaces the page's database with one of 100,000 receipts and audit entries of the last five weeks, of 200 agents.
 * @param file - path of the file to make
 */
export async function importLargeSample(page: Page, file: string): Promise<void> {
  await ggenSim('db', 'init', '--db', file);
  const start = Math.floor(Date.now() / 1000) - ROWS * 30;
  const numbers = `generate_series(0, ${ROWS - 1})`;
  const time = `datetime(${start} + value * 30, 'unixepoch')`;
  const agent = `printf('%s-%d', CASE value % 4 WHEN 0 THEN 'planner' WHEN 1 THEN 'coder' WHEN 2 THEN 'reviewer' ELSE 'validator' END, value % 200)`;
  const status = `CASE WHEN value % 97 = 0 OR (value > 95000 AND value % 200 = 1) THEN 'error' WHEN value % 41 = 0 THEN 'partial' ELSE 'success' END`;
  const duration = `CASE WHEN value = 99000 THEN 90000000 ELSE 20 + value * 37 % 900 * (1 + value % 7) END`;
  await sqlite3(
    file,
    `INSERT INTO receipts SELECT printf('%08x%056d', value * 2654435761 % 4294967296, value), 'exec-' || value, ${agent}, 'codegen',
       '{"index":' || value || '}', ${status}, ${time}, ${time}, ${duration} FROM ${numbers};
     INSERT INTO audit_log SELECT 'audit-' || value, ${time}, ${agent}, 'run_agent', 'codegen',
       CASE ${status} WHEN 'error' THEN 'failed' ELSE 'completed' END, ${duration}, 'exec-' || value, NULL FROM ${numbers};
     INSERT INTO agent_memory SELECT 'memory-' || value, 'agent-' || value, 'codegen', '{"runs":' || value || '}',
       datetime(${start} + value * 3000, 'unixepoch'), 1 + value % 9 FROM generate_series(0, 199)`,
  );
  await page.route('**/large.db', (route) => route.fulfill({ path: file }));
  await page.evaluate(async () => {
    const image = await (await fetch('./large.db')).arrayBuffer();
    await globalThis.ggenSim.persistence.importImage(new Uint8Array(image));
  });
}
