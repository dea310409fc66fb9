import { expect, test } from './support/fixtures.ts';
import type { SimulatorPage } from './support/simulator-page.ts';

const SAVES_PER_TAB = 200;

/** Saves from every tab at the same time. @returns the codes of the failed calls */
async function writeAtOnce(tabs: readonly SimulatorPage[]): Promise<string[]> {
  const failures = tabs.map(({ page }, tab) =>
    page.evaluate(
      async ([tabName, count]) => {
        const saves = Array.from({ length: count }, (_, index) =>
          globalThis.ggenSim.persistence.saveReceipt({
            executionId: `tab-${tabName}-${index}`,
            agentId: `writer-${tabName}`,
            agentType: 'test',
            receipt: { index },
            durationMs: index,
          }),
        );
        const settled = await Promise.allSettled(saves);
        return settled
          .filter((result) => result.status === 'rejected')
          .map(({ reason }) => (reason as { code: string }).code);
      },
      [tab, SAVES_PER_TAB] as const,
    ),
  );
  return (await Promise.all(failures)).flat();
}

for (const tabCount of [2, 3]) {
  test(`${tabCount} tabs write at once and lose nothing`, async ({ openTab }) => {
    const tabs = await Promise.all(Array.from({ length: tabCount }, () => openTab()));
    expect(await writeAtOnce(tabs)).toEqual([]);
    for (const tab of tabs) {
      const ids = await tab.executionIds();
      expect(ids).toHaveLength(tabCount * SAVES_PER_TAB);
      expect(new Set(ids).size).toBe(tabCount * SAVES_PER_TAB);
      expect(await tab.verified()).toBe(true);
      await expect(tab.count('Receipts')).toHaveText(String(tabCount * SAVES_PER_TAB));
      await expect(tab.page.getByRole('alert')).toHaveCount(0);
    }
  });
}

/** Follows the change log of a tab until a number of events has come. @returns their numbers and the ids of their rows */
function followed({ page }: SimulatorPage, count: number): Promise<string[]> {
  return page.evaluate(async (limit) => {
    const events: string[] = [];
    for await (const { data } of globalThis.ggenSim.persistence.changes({ follow: true, limit }))
      events.push(`${data.seq} ${data.rowId}`);
    return events;
  }, count);
}

test('two tabs follow the change log, and each gets every event of both once and in order', async ({
  openTab,
}) => {
  const tabs = [await openTab(), await openTab()];
  const following = Promise.all(tabs.map((tab) => followed(tab, 2 * SAVES_PER_TAB)));
  expect(await writeAtOnce(tabs)).toEqual([]);
  const [first = [], second] = await following;
  expect(first.map((event) => Number.parseInt(event))).toEqual(
    Array.from({ length: 2 * SAVES_PER_TAB }, (_, index) => index + 1),
  );
  expect(new Set(first.map((event) => event.split(' ')[1])).size).toBe(2 * SAVES_PER_TAB);
  expect(second).toEqual(first);
});

/** Returns the content of the editor, with all of its lines. */
function editorText({ editor }: SimulatorPage): Promise<string> {
  return editor.evaluate((content) =>
    [...content.querySelectorAll('.cm-line')].map(({ textContent }) => textContent).join('\n'),
  );
}

/** Starts a session whose document is short enough to be rendered as a whole. */
async function startShortDocument({ page, editor }: SimulatorPage): Promise<void> {
  await page.getByRole('button', { name: 'Start an empty session' }).click();
  await page.getByRole('button', { name: 'Add document' }).click();
  await page.getByRole('menuitem', { name: 'New ontology' }).click();
  await expect(editor).toBeVisible();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
}

/** Waits until every edit of a tab is in the database. */
const saved = ({ page }: SimulatorPage): Promise<void> =>
  expect(page.getByText('Saved', { exact: true })).toBeVisible();

test('two tabs edit one session at once: both see what either typed, and it is stored', async ({
  simulator,
  openTab,
  pageDatabase,
}) => {
  await startShortDocument(simulator);
  const other = await openTab();
  await expect(other.editor).toBeVisible();
  const tabs = [simulator, other] as const;
  // Far from each other in the text. The focus of the keyboard is each tab's own.
  await simulator.editor.press('Control+Home');
  await other.editor.press('Control+End');
  const expected: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(
      tabs.map(async (tab, index) => {
        const line = `# tab ${index} round ${round}`;
        expected.push(line);
        await tab.editor.pressSequentially(`${line}\n`);
      }),
    );
  }
  for (const tab of tabs) {
    await expect
      .poll(async () => {
        const lines = (await editorText(tab)).split('\n');
        return expected.filter((line) => lines.filter((found) => found === line).length === 1).length;
      })
      .toBe(expected.length);
    await saved(tab);
  }
  expect(await editorText(simulator)).toBe(await editorText(other));
  await expect(pageDatabase).toHaveMemory({
    agentId: expect.stringMatching(/^session-/),
    memory: { documents: [{ content: await editorText(other) }] },
  });
  await expect(other.page.getByText('Two tabs changed the same text')).toBeHidden();
});

test('a line that two writers changed at once keeps what both wrote', async ({ simulator, openTab }) => {
  await startShortDocument(simulator);
  const other = await openTab();
  await expect(other.editor).toBeVisible();
  // A script saves while this tab has an unsaved edit. Every order of the two saves ends alike.
  await other.editor.press('Control+Home');
  await other.editor.press('#');
  await Promise.all([
    other.editor.pressSequentially(' mine '),
    other.page.evaluate(async () => {
      const { persistence } = globalThis.ggenSim;
      const [row] = await persistence.queryMemory({ agent: 'session-*' });
      const session = JSON.parse(row?.memoryJson ?? '') as { documents: { content: string }[] };
      const [first] = session.documents as [{ content: string }];
      first.content = `# theirs ${first.content}`;
      await persistence.saveMemory({ agentId: row?.agentId ?? '', agentType: 'session', memory: session });
    }),
  ]);
  for (const tab of [simulator, other]) {
    await expect
      .poll(() => editorText(tab))
      .toMatch(/# mine [^]*# theirs |# theirs [^]*# mine |# mine # theirs/);
    await saved(tab);
  }
  expect(await editorText(simulator)).toBe(await editorText(other));
});

test('text typed just before another session is opened is saved', async ({ simulator, pageDatabase }) => {
  const { page } = simulator;
  await simulator.startWith('Water glossary');
  await page.getByRole('button', { name: 'New session' }).click();
  await simulator.startWith('Water sampling');
  await simulator.editor.press('Control+Home');
  await page.keyboard.insertText('# typed at the last moment\n');
  const [first] = await page.evaluate(async () => {
    const rows = await globalThis.ggenSim.persistence.queryMemory({ agent: 'session-*' });
    return rows.map(({ agentId }) => agentId).filter((id) => !location.hash.endsWith(id));
  });
  await page.evaluate((id) => (location.hash = `/receipts?session=${id}`), first);
  await expect(simulator.editor).toHaveAccessibleName('Content of water-glossary.ttl');
  await page.goBack();
  await page.reload();
  await expect(pageDatabase).toHaveMemory({
    memoryJson: expect.stringContaining('# typed at the last moment'),
  });
});

/** First lines of a worker: locks exclude no tab, and a commit always reads the version that it expects. */
const WITHOUT_GUARDS = `{
const request = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = (name, ...rest) =>
  name.startsWith('sqljs-vfs:') ? Promise.resolve(rest.at(-1)(null)) : request(name, ...rest);
const { get, put } = IDBObjectStore.prototype;
let lastRead;
IDBObjectStore.prototype.get = function (key) {
  const reading = get.call(this, key);
  if (key !== 'meta') return reading;
  const { mode } = this.transaction;
  // The value before this transaction stores the next one.
  const expected = lastRead;
  reading.addEventListener('success', () => {
    if (mode === 'readonly') lastRead = reading.result;
    else if (expected !== undefined) Object.defineProperty(reading, 'result', { value: expected });
  });
  return reading;
};
IDBObjectStore.prototype.put = function (value, key) {
  if (key === 'meta') lastRead = structuredClone(value);
  return put.call(this, value, key);
};
}`;

test.describe('negative control', () => {
  // A service worker that takes over hides requests from the route below.
  test.use({ serviceWorkers: 'block' });

  test('without locks and compare-and-swap, three tabs lose rows', async ({ context, openTab }) => {
    await context.route(/worker\.browser-.*\.js$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `${WITHOUT_GUARDS}\n${await response.text()}` });
    });
    // One tab creates the database. Three that create it at once would fail before they write.
    const first = await openTab();
    const tabs = [first, await openTab(), await openTab()];
    const failures = await writeAtOnce(tabs);
    const unsound: string[] = failures.slice();
    for (const { page } of tabs) {
      const found = await page
        .evaluate(async () => {
          const { persistence } = globalThis.ggenSim;
          const rows = await persistence.queryReceipts({ limit: 1000 });
          return `${rows.length} rows, ${(await persistence.verify()).ok ? 'sound' : 'damaged'}`;
        })
        .catch(() => 'unreadable');
      if (found !== `${tabs.length * SAVES_PER_TAB} rows, sound`) unsound.push(found);
    }
    expect(unsound).not.toEqual([]);
  });
});
