/**
 * The page's content security policy: the page respects it in every state, and it refuses attacks. `fixtures.ts` checks
 * that no other test violates it.
 */
import { test as base } from '@playwright/test';
import type { Page } from '@playwright/test';
import { expect, openSimulator, test } from './support/fixtures.ts';

const HOSTILE = `"'><img src=x onerror="globalThis.pwned = true"><script>globalThis.pwned = true</script>{{7*7}}`;

/** Makes the page collect the violations of its policy from its first line on. */
async function recordViolations(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(globalThis, { violations });
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      violations.push(effectiveDirective);
    });
  });
}

const violationsOf = (page: Page): Promise<string[]> =>
  page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations);

test('the page violates its policy in no state', async ({ simulator }) => {
  const { page } = simulator;
  await recordViolations(page);
  await page.reload();
  await page.evaluate(async () => void (await globalThis.ggenSim.ready));
  await simulator.startWith('Water network with errors');
  await simulator.run();
  for (const tab of ['Memory', 'Audit trail', 'Database', 'Receipts'] as const) await simulator.showTab(tab);
  await simulator.table.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('determinism');
  await page.keyboard.press('Escape');
  await simulator.editor.click();
  await page.keyboard.press('Control+f');
  await page.keyboard.press('Escape');
  await simulator.showTab('Database');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByRole('button', { name: 'Delete all data' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  expect(await violationsOf(page)).toEqual([]);
});

test('hostile text in every field stays text, on every tab and in the details', async ({ simulator }) => {
  const { page } = simulator;
  await page.evaluate(async (text) => {
    await globalThis.ggenSim.persistence.record({
      receipts: [
        { executionId: text, agentId: text, agentType: text, receipt: JSON.stringify({ [text]: text }) },
      ],
      memories: [{ agentId: text, agentType: text, memory: JSON.stringify({ [text]: text }) }],
      audits: [
        {
          agentId: text,
          operation: text,
          operationType: text,
          status: 'failed',
          details: text,
          errorMessage: text,
        },
      ],
    });
  }, HOSTILE);
  for (const tab of ['Receipts', 'Memory', 'Audit trail'] as const) {
    await simulator.showTab(tab);
    await expect(simulator.table).toContainText('<img src=x');
    await simulator.table.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toContainText('<script>');
    expect(await page.locator('img[src="x"], [onerror]').count()).toBe(0);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
  }
  expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
});

/** Attacks of a script in the page, with the directive that refuses each. */
const attacks: readonly (readonly [title: string, directive: string, attack: () => unknown])[] = [
  [
    'HTML out of text',
    'require-trusted-types-for',
    () => (document.body.innerHTML = '<img src=x onerror="globalThis.pwned = true">'),
  ],
  // oxlint-disable-next-line no-implied-eval -- the policy must refuse it
  ['code out of text', 'require-trusted-types-for', () => setTimeout('globalThis.pwned = true', 0)],
  ['a request to another origin', 'connect-src', () => void fetch('https://example.org/').catch(() => 0)],
  [
    'an image of another origin',
    'img-src',
    () => document.body.append(Object.assign(new Image(), { src: 'https://example.org/x.png' })),
  ],
  [
    'a frame',
    'frame-src',
    () =>
      document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://example.org/' })),
  ],
  [
    'a form sent away',
    'form-action',
    () => {
      const form = Object.assign(document.createElement('form'), { action: 'https://example.org/' });
      document.body.append(form);
      form.submit();
    },
  ],
  [
    'another base',
    'base-uri',
    () =>
      document.head.append(Object.assign(document.createElement('base'), { href: 'https://example.org/' })),
  ],
  [
    'an inline style',
    'style-src-elem',
    () => {
      const style = document.createElement('style');
      style.append('body { display: none }');
      document.body.append(style);
    },
  ],
];

for (const [title, directive, attack] of attacks) {
  base(`is refused: ${title}`, async ({ context }) => {
    const { page } = await openSimulator(context);
    await page.evaluate(() => {
      const violations: string[] = [];
      Object.assign(globalThis, { violations });
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        violations.push(effectiveDirective);
      });
    });
    await page.evaluate(attack).catch(() => undefined);
    await expect.poll(() => violationsOf(page)).toContain(directive);
    expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
  });
}

base('is refused: a script, a handler and a style written into the page itself', async ({ context }) => {
  await context.route('**/dist/', async (route) => {
    const response = await route.fetch();
    const injected =
      '<script>globalThis.pwned = true</script><img src="x" onerror="globalThis.pwned = true" style="color: red">';
    const body = (await response.text()).replace('<div id="root">', `${injected}<div id="root">`);
    await route.fulfill({ response, body });
  });
  const page = await context.newPage();
  await recordViolations(page);
  await page.goto('./');
  for (const directive of ['script-src-elem', 'script-src-attr', 'style-src-attr']) {
    await expect.poll(() => violationsOf(page)).toContain(directive);
  }
  expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
});

base('is refused: a worker of another origin', async ({ context }) => {
  const { page } = await openSimulator(context);
  const refusal = await page.evaluate(() => {
    try {
      new Worker('https://example.org/worker.js').terminate();
      return 'started';
    } catch (error) {
      return String(error);
    }
  });
  expect(refusal).toContain('script from another origin refused');
});

base(
  'the policy equals that of the file for hosts that send headers, except for directives that only one of them supports',
  async ({ page, request }) => {
    await page.goto('./');
    const meta = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    const file = await (await request.get('./_headers')).text();
    const directives = (text: string): string[] => text.split(/;\s*/).toSorted();
    const [, sent = ''] = /Content-Security-Policy: (.*)/.exec(file) ?? [];
    // Workers have the header alone, and reach hubs; the document has both, so its own is what it may.
    const header = sent.replace(` https: http://127.0.0.1:* http://localhost:*`, '');
    expect(sent).not.toBe(header);
    expect(directives(`${header}; require-trusted-types-for 'script'; trusted-types default`)).toEqual(
      directives(`${meta}; frame-ancestors 'none'`),
    );
    expect(header).not.toContain('unsafe-inline');
    expect(header).not.toContain("'unsafe-eval'");
  },
);
