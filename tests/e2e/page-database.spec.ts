import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { JSONReport, JSONReportSuite, JSONReportTestResult } from '@playwright/test/reporter';
import { expect, test } from './support/fixtures.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';

const CHILD_CONFIG = path.join(import.meta.dirname, 'child/playwright.config.ts');

test.describe('in the origin private file system', () => {
  test.use({ databaseLocation: { storage: 'opfs', name: 'ggen' } });

  test('a page starts from a file of the command line, and is read as a file of sqlite3', async ({
    page,
    pageDatabase,
  }, testInfo) => {
    const file = testInfo.outputPath('from-cli.db');
    await ggenSim('db', 'save-receipt', 'exec-cli', 'cli-agent', 'validation', '{"n":1}', '--db', file);
    await expect(pageDatabase.exportImage()).rejects.toThrow('ggen');
    await pageDatabase.seed(file);
    await page.goto('./?storage=opfs#/receipts');
    await expect(page.getByRole('grid')).toContainText('exec-cli');
    await page.evaluate(async () => {
      const { persistence } = globalThis.ggenSim;
      await persistence.saveMemory({ agentId: 'page', agentType: 'test', memory: { runs: 1 } });
    });
    await expect(pageDatabase).toHaveMemory({ agentId: 'page', memory: { runs: 1 } });
    const image = testInfo.outputPath('from-page.db');
    await writeFile(image, await pageDatabase.exportImage());
    expect(await sqlite3(image, 'PRAGMA integrity_check')).toBe('ok');
    const union = 'SELECT receipt_json FROM receipts UNION ALL SELECT memory_json FROM agent_memory';
    expect((await sqlite3(image, union)).split('\n')).toEqual(['{"n":1}', '{"runs":1}']);
  });
});

test('matchers wait for a row to come, and for one to go', async ({ simulator, pageDatabase }) => {
  const receipt = { executionId: 'late', agentId: 'a', agentType: 't', receipt: { n: 1 } };
  const appearing = expect(pageDatabase).toHaveReceipt({ executionId: 'late', receipt: { n: 1 } });
  await expect(pageDatabase).not.toHaveReceipt({ executionId: 'late' });
  await simulator.page.evaluate((late) => globalThis.ggenSim.persistence.saveReceipt(late), receipt);
  await appearing;
  const leaving = expect(pageDatabase).not.toHaveReceipt({ executionId: 'late' });
  await simulator.page.evaluate(() => globalThis.ggenSim.persistence.reset());
  await leaving;
});

/** Results of a report, by the files of their tests. */
function resultsOf(suites: readonly JSONReportSuite[]): Map<string, JSONReportTestResult | undefined> {
  return new Map(suites.map(({ file, specs }) => [file, specs[0]?.tests[0]?.results[0]]));
}

test('the examples of the README pass, and a test that fails has its databases attached', async ({
  baseURL,
}, testInfo) => {
  const report = testInfo.outputPath('report.json');
  const cli = createRequire(import.meta.url).resolve('@playwright/test/cli');
  const options = [`--config=${CHILD_CONFIG}`, '--reporter=json', `--output=${testInfo.outputPath('child')}`];
  const env = { ...process.env, CHILD_BASE_URL: baseURL ?? '', PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  const exitCode = await new Promise((resolve) => {
    execFile(process.execPath, [cli, 'test', ...options], { env }, (error) => resolve(error?.code ?? 0));
  });
  expect(exitCode).toBe(1);
  const { suites, errors } = JSON.parse(await readFile(report, 'utf8')) as JSONReport;
  expect(errors).toEqual([]);
  const results = resultsOf(suites);
  for (const example of ['runs.page.ts', 'file.page.ts']) {
    const { error, attachments } = results.get(example) ?? {};
    expect([example, error?.message, attachments?.length]).toEqual([example, undefined, 0]);
  }

  const failed = results.get('failing.page.ts');
  expect(failed?.error?.message).toMatch(/receipt\.n: expected .*2.*, received .*1/);
  const attachments = new Map(
    failed?.attachments.map(({ name, body = '' }) => [name, Buffer.from(body, 'base64')]),
  );
  for (const [name, executionId] of [
    ['ggen.db', 'exec-1'],
    ['copy.db', 'in-node'],
  ] as const) {
    const file = testInfo.outputPath(name);
    await writeFile(file, attachments.get(name) ?? '');
    const found = await sqlite3(file, 'PRAGMA integrity_check; SELECT execution_id FROM receipts');
    expect(found).toBe(`ok\n${executionId}`);
    const receipts = String(attachments.get(`${name}.receipts.txt`));
    expect(receipts).toMatch(/^1 receipt\n\n\S+ \S+ success 0 ms /);
    expect(receipts).toContain(`"${executionId}"\n  {"n":`);
  }
});
