import { expect, test } from './support/fixtures.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';
import type { SimulatorPage } from './support/simulator-page.ts';

/** Receipt of a script, as it is saved through the page's handle. */
interface ScriptReceipt {
  readonly executionId: string;
  readonly agentId?: string;
  readonly status?: 'success' | 'error' | 'partial';
  readonly durationMs?: number;
  readonly receipt?: Record<string, unknown>;
}

function save({ page }: SimulatorPage, receipts: readonly ScriptReceipt[]): Promise<void> {
  return page.evaluate(
    async (rows) =>
      void (await globalThis.ggenSim.persistence.saveReceipts(
        rows.map((row) => ({ agentId: 'by-script', agentType: 'import', receipt: {}, ...row })),
      )),
    receipts,
  );
}

test('a receipt that is no validation is shown with its agent, time, status and duration', async ({
  simulator,
}) => {
  await save(simulator, [
    { executionId: 'exec-7', status: 'partial', durationMs: 754_000, receipt: { made: 'outside' } },
  ]);
  await simulator.table.getByText('by-script').click();
  const dialog = simulator.page.getByRole('dialog');
  for (const text of ['partial', 'by-script', 'import', 'exec-7', '12 min 34 s', '"made": "outside"']) {
    await expect(dialog).toContainText(text);
  }
  await expect(dialog).toContainText(/Created\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
});

test('an error says whether the data does not conform or the run failed; the stored status is kept', async ({
  simulator,
}, testInfo) => {
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await expect(simulator.result).toContainText('violations');
  await simulator.editor.press('Control+Home');
  await simulator.page.keyboard.insertText('no turtle at all');
  await simulator.run();
  await expect(simulator.result).toContainText('failed');
  await save(simulator, [{ executionId: 'unsaid', status: 'error' }]);
  const statuses = simulator.table.getByRole('row').filter({ hasNotText: 'Status' });
  await expect(statuses).toHaveText([/^error/, /^failed/, /^violations/]);
  await expect(simulator.page.getByRole('img', { name: /1 with violations, 2 failed/ })).toBeVisible();
  await statuses.nth(2).click();
  await expect(simulator.page.getByRole('dialog')).toContainText('error (violations)');
  await simulator.page.screenshot({ path: testInfo.outputPath('violations.png') });
});

test('a filtered table says how many rows pass, and how many of them it has loaded', async ({
  simulator,
}) => {
  await save(
    simulator,
    Array.from({ length: 600 }, (_, index) => ({ executionId: `e-${index}`, agentId: `agent-${index % 2}` })),
  );
  const foot = simulator.page.locator('.row-table__foot');
  await expect(foot).toContainText('250 of 600 rows loaded');
  const agent = simulator.page.getByRole('searchbox', { name: /Filter receipts by agent/ });
  await agent.fill('agent-*');
  await expect(simulator.matching).toHaveText('600 of 600');
  await agent.fill('agent-1');
  await expect(simulator.matching).toHaveText('300 of 600');
  await expect(foot).toContainText('250 of 300 rows loaded; scroll for more');
  await expect(simulator.count('Receipts')).toHaveText('300 of 600');
  await simulator.table.press('End');
  await expect(foot).toContainText('300 rows');
  await expect(foot).not.toContainText('scroll for more');
});

test('no duration in the chart is cut off', async ({ simulator }, testInfo) => {
  const canvas = simulator.page.locator('.runs-chart canvas');
  for (const [executionId, durationMs] of [
    ['minutes', 1_000_000],
    ['hours', 95_000_000],
    ['days', 9_000_000_000],
  ] as const) {
    await save(simulator, [{ executionId, durationMs }]);
    await expect(simulator.page.getByRole('img', { name: /longest took/ })).toBeVisible();
    // A label that is cut touches the left edge of the picture.
    await expect
      .poll(() =>
        canvas.evaluate((element: HTMLCanvasElement) => {
          const { data } = element.getContext('2d')?.getImageData(0, 0, 2, element.height) ?? { data: [1] };
          const { data: all } = element
            .getContext('2d')
            ?.getImageData(0, 0, element.width, element.height) ?? {
            data: [],
          };
          return { drawn: all.some((value) => value > 0), cut: data.some((value) => value > 0) };
        }),
      )
      .toEqual({ drawn: true, cut: false });
    await simulator.page
      .locator('.runs-chart')
      .screenshot({ path: testInfo.outputPath(`${executionId}.png`) });
  }
});

test('an id cannot pass for another one by invisible characters', async ({ simulator }, testInfo) => {
  const agentId = 'validator-\u{202E}1-rotadilav\u{200B}';
  await save(simulator, [{ executionId: '\u{2066}exec\u{2069}', agentId, receipt: { by: agentId } }]);
  await simulator.page.evaluate(
    (agent) =>
      globalThis.ggenSim.persistence.logAudit({
        agentId: agent,
        operation: 'spoof\u{202D}',
        status: 'completed',
      }),
    agentId,
  );
  const shown = String.raw`validator-\u202e1-rotadilav\u200b`;
  await expect(simulator.table).toContainText(shown);
  await simulator.table.getByText(shown).click();
  const dialog = simulator.page.getByRole('dialog');
  await expect(dialog).toContainText(String.raw`\u2066exec\u2069`);
  await expect(dialog.getByRole('region', { name: 'Stored JSON' })).toContainText(shown);
  await simulator.page.screenshot({ path: testInfo.outputPath('spoofed.png') });
  await dialog.getByRole('button', { name: 'Close details' }).click();
  await simulator.showTab('Audit trail');
  await expect(simulator.table).toContainText(shown);
  expect(await simulator.page.locator('body').innerText()).not.toMatch(
    /[\u{202A}-\u{202E}\u{2066}-\u{2069}\u{200B}]/u,
  );
});

test('rows of another program with BLOBs and without JSON are shown, not a blank page', async ({
  simulator,
}, testInfo) => {
  const file = testInfo.outputPath('foreign.db');
  await ggenSim('db', 'save-receipt', 'exec', 'blob-agent', 'validation', '{}', 'error', '42', '--db', file);
  await sqlite3(
    file,
    `UPDATE receipts SET agent_type = x'0102', execution_id = zeroblob(40), duration_ms = 'soon', receipt_json = 'no json';
     INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status)
       VALUES ('partly', 'partly', 'partly-agent', 'validation', '{"kind":"validation-receipt"}', 'error');
     INSERT INTO agent_memory (memory_id, agent_id, agent_type, memory_json, version)
       VALUES ('m', x'00ff', 'session', 'no json', x'01');
     INSERT INTO audit_log (audit_id, agent_id, operation, status, details)
       VALUES (x'05', 'agent', x'01', 'completed', x'010203');`,
  );
  const { page } = simulator;
  await simulator.showTab('Database');
  await page.getByLabel('Database to import').setInputFiles(file);
  await page
    .getByRole('alertdialog')
    .getByRole('button', { name: /^Replace database/ })
    .click();
  await simulator.showTab('Receipts');
  // The table shows the end of an execution id, which differs most.
  await expect(simulator.table).toContainText('AAA=="}');
  const dialog = page.getByRole('dialog', { name: 'Receipt' });
  const close = dialog.getByRole('button', { name: 'Close details' });
  await simulator.table.getByText('blob-agent').click();
  for (const text of ['{"base64":"AQI="}', 'soon', 'no json']) await expect(dialog).toContainText(text);
  await close.click();
  // A report without its members cannot be shown; the stored JSON beside it can.
  await simulator.table.getByText('partly-agent').click();
  await expect(dialog.getByRole('alert')).toContainText('This part cannot be shown');
  await expect(dialog).toContainText('"kind": "validation-receipt"');
  await close.click();
  await simulator.showTab('Memory');
  await expect(simulator.table).toContainText('{"base64":"AP8="}');
  await simulator.showTab('Audit trail');
  await expect(simulator.table).toContainText('{"base64":"AQID"}');
  await simulator.showTab('Database');
  await expect(page.getByRole('button', { name: 'Verify', exact: true })).toBeVisible();
  await page.screenshot({ path: testInfo.outputPath('foreign.png') });
});

test('an operation of the audit trail is one row, with its beginning a click away', async ({ simulator }) => {
  const { page } = simulator;
  await page.evaluate(async () => {
    const operation = { agentId: 'coder', operation: 'build' } as const;
    await globalThis.ggenSim.persistence.record({
      audits: [
        { ...operation, status: 'started', details: 'target a' },
        {
          ...operation,
          status: 'failed',
          details: 'target a',
          errorMessage: 'no room left',
          durationMs: 4200,
        },
        { ...operation, status: 'started', details: 'target b' },
      ],
    });
  });
  await simulator.showTab('Audit trail');
  await expect(simulator.table.getByRole('row')).toHaveCount(3);
  await expect(simulator.table).toContainText('4.20 s');
  // What tells the two entries apart shows each by itself.
  await page.getByLabel('Status').selectOption('started');
  await expect(simulator.table).not.toContainText('no room left');
  await expect(simulator.table.getByRole('row')).toHaveCount(3);
  await page.getByLabel('Status').selectOption('any');
  await simulator.table.getByText('no room left').click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('no room left');
  await dialog.getByRole('link', { name: 'open this entry' }).click();
  await expect(dialog).not.toContainText('no room left');
  await expect(dialog).toContainText('failed');
  // The link that was followed is gone, and the focus has not gone with it.
  await expect(page.locator('[role=dialog]:focus, [role=dialog] :focus')).toHaveCount(1);
  await expect(dialog).toContainText('4.20 s');
});

test('a range of the chart is enlarged, and a run in it opens', async ({ simulator }) => {
  const { page } = simulator;
  await page.evaluate(async () => {
    const runs = Array.from({ length: 60 }, (_, index) => ({
      executionId: `run-${index}`,
      agentId: 'coder',
      agentType: 'test',
      receipt: {},
      durationMs: 100 + index,
    }));
    await globalThis.ggenSim.persistence.saveReceipts(runs);
  });
  const plot = page.locator('.runs-chart .u-over');
  const all = page.getByRole('button', { name: 'Show all runs' });
  await expect(simulator.count('Receipts')).toHaveText('60');
  const { x, y, width, height } = (await plot.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.7, y + height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(all).toBeVisible();
  // A drag is no click.
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.mouse.click(x + width * 0.05, y + height - 5);
  await expect(page.getByRole('dialog')).toContainText(/run-3[0-2]/);
  await page.keyboard.press('Escape');
  await all.click();
  await expect(all).toHaveCount(0);
});
