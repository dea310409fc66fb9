/** The page synchronises its database over a hub, which is a process of its own. */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { test as base, expect } from '@playwright/test';
import { findProblemsEverywhere } from './support/axe.ts';
import { openSimulator, ready, watch } from './support/fixtures.ts';
import { startHost } from './support/host.ts';
import { Hub } from './support/hub.ts';
import { ggenSim } from './support/native-tools.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { startStudio } from './support/studio.ts';

/** Chromium logs each request that fails, which is what some of these tests are about. */
const OF_REQUESTS = /^Failed to load resource|^Access to fetch|net::ERR_/;

const test = base.extend<{ hub: Hub; origin: string; simulator: SimulatorPage; connected: Page }>({
  context: async ({ context }, use) => {
    const complaints = watch(context);
    await use(context);
    expect(complaints.filter((text) => !OF_REQUESTS.test(text))).toEqual([]);
  },
  origin: async ({ baseURL }, use) => use(new URL(baseURL ?? '').origin),
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of other fixtures from it
  hub: async ({}, use, testInfo) => {
    mkdirSync(testInfo.outputPath(), { recursive: true });
    const hub = new Hub(testInfo.outputPath());
    await use(hub);
    await hub.kill();
  },
  simulator: async ({ context }, use) => {
    const simulator = await openSimulator(context);
    await simulator.showTab('Database');
    await use(simulator);
  },
  /** A page that synchronises over a hub, as a machine does. */
  connected: async ({ simulator, hub, origin }, use) => {
    await hub.start(origin);
    await hub.addMachine();
    await connect(simulator.page, hub);
    await use(simulator.page);
  },
});

/** The part of the database's tab. */
const part = (page: Page): Locator =>
  page
    .locator('.database-panel__part')
    .filter({ has: page.getByRole('heading', { name: 'Synchronisation' }) });

const state = (page: Page): Locator => part(page).getByRole('status');

async function fill(page: Page, { url, token }: { url: string; token: string }): Promise<void> {
  await part(page).getByLabel('Hub address').fill(url);
  await part(page).getByLabel('Token', { exact: true }).fill(token);
}

async function connect(page: Page, hub: Hub, onDevice = false): Promise<void> {
  await fill(page, hub);
  if (onDevice) await part(page).getByLabel('Keep the token').check();
  await part(page).getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(state(page)).toHaveText('Up to date');
}

const saveInPage = (page: Page, executionId: string): Promise<unknown> =>
  page.evaluate(
    (id) =>
      globalThis.ggenSim.persistence.saveReceipt({
        executionId: id,
        agentId: 'page',
        agentType: 'test',
        receipt: {},
      }),
    executionId,
  );

const saveMemoryInPage = (page: Page, agentId: string, memory: Record<string, unknown>): Promise<unknown> =>
  page.evaluate(
    ([agent, saved]) =>
      globalThis.ggenSim.persistence.saveMemory({ agentId: agent, agentType: 'test', memory: saved }),
    [agentId, memory] as const,
  );

/** Everything that the page keeps in this browser outside the database. */
const keptTexts = (page: Page): Promise<string> =>
  page.evaluate(() => JSON.stringify([sessionStorage, localStorage]));

const imageHas = (page: Page, text: string): Promise<boolean> =>
  page.evaluate(async (sought) => {
    const image = await globalThis.ggenSim.persistence.exportImage();
    return new TextDecoder('latin1').decode(image).includes(sought);
  }, text);

test('a run goes to the hub, what others send appears by itself, a reload goes on, and it ends when told', async ({
  connected: page,
  simulator,
  hub,
}) => {
  expect(await imageHas(page, hub.token)).toBe(false);
  expect(await imageHas(page, hub.url)).toBe(true);

  await simulator.startWith('Water network conforms');
  await simulator.run();
  const [ran] = await simulator.executionIds();
  await expect.poll(() => hub.executionsOfMachine()).toEqual([ran]);

  await hub.sendReceipt('from elsewhere');
  await simulator.showTab('Receipts');
  await expect(simulator.table).toContainText('from elsewhere');

  await page.reload();
  await ready(page);
  await hub.sendReceipt('after a reload');
  await expect(simulator.table).toContainText('after a reload');
  await saveInPage(page, 'saved after a reload');
  await expect.poll(() => hub.executionsOfMachine()).toContain('saved after a reload');

  await simulator.showTab('Database');
  await part(page).getByRole('button', { name: 'Disconnect' }).click();
  await expect(part(page).getByLabel('Hub address')).toBeVisible();
  expect(await keptTexts(page)).not.toContain(hub.token);
  await saveInPage(page, 'saved after the end');
  await page.reload();
  await ready(page);
  await expect(part(page).getByLabel('Hub address')).toBeVisible();
  expect(await hub.executionsOfMachine()).not.toContain('saved after the end');
  expect(await simulator.executionIds()).toContain('from elsewhere');

  // What was saved meanwhile travels when it is set up again.
  await connect(page, hub);
  await expect.poll(() => hub.executionsOfMachine()).toContain('saved after the end');
});

test('a wrong address, a hub that does not allow the page, and a wrong token are told where they are', async ({
  simulator,
  hub,
  origin,
}) => {
  const { page } = simulator;
  const address = part(page).getByLabel('Hub address');
  const token = part(page).getByLabel('Token', { exact: true });
  const alert = part(page).getByRole('alert');
  const send = async (): Promise<void> =>
    part(page).getByRole('button', { name: 'Connect', exact: true }).click();
  await hub.start();

  for (const [typed, problem] of [
    ['hub.example', 'it begins with https://'],
    ['http://hub.example', 'Use https://'],
    ['https://ada:secret@hub.example', 'Leave out the user'],
  ] as const) {
    await fill(page, { url: typed, token: hub.token });
    await send();
    await expect(alert).toContainText(problem);
    await expect(address).toHaveAttribute('aria-invalid', 'true');
    await expect(address).toHaveValue(typed);
  }

  await fill(page, hub);
  await send();
  await expect(alert).toContainText('SYNC_UNREACHABLE');
  await expect(alert).toContainText(`--allow-origin ${origin}`);
  await expect(address).toHaveValue(hub.url);
  await expect(token).toHaveValue(hub.token);

  await hub.kill();
  await fill(page, { url: hub.url, token: 'a b\u00e4' });
  await send();
  await expect(alert).toContainText('SYNC_UNAUTHORIZED');
  await token.fill(hub.token);
  await send();
  await expect(alert).toContainText('if the hub runs');

  await hub.start(origin);
  await token.fill('x'.repeat(64));
  await send();
  await expect(alert).toContainText('SYNC_UNAUTHORIZED');
  await expect(token).toHaveAttribute('aria-invalid', 'true');
  await expect(address).toHaveAttribute('aria-invalid', 'false');
  await expect(address).toHaveValue(hub.url);
  expect(await keptTexts(page)).not.toContain('x'.repeat(64));

  await token.fill(hub.token);
  await send();
  await expect(state(page)).toHaveText('Up to date');
});

test('words of what answers in place of a hub stay within its message', async ({ simulator, context }) => {
  const { page } = simulator;
  const url = 'https://hub.example';
  // Right to left from here on, and a word of any length.
  const message = `\u202e<img src=x>${'w'.repeat(5000)}`;
  await context.route(`${url}/**`, (route) =>
    route.fulfill({
      status: 400,
      headers: { 'access-control-allow-origin': '*' },
      json: { error: { code: 'NONE', message } },
    }),
  );
  await fill(page, { url, token: 't'.repeat(40) });
  await part(page).getByRole('button', { name: 'Connect', exact: true }).click();
  const alert = part(page).getByRole('alert');
  await expect(alert.locator('bdi')).toContainText('<img src=x>www');
  await expect(alert).toContainText("A hub is served by 'ggen-sim serve --hub'");
  await expect(alert.locator('bdi')).not.toContainText('A hub is served');
  expect(await alert.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)).toBe(true);
});

test('while the hub is away saves go on and wait, and they travel when it is back', async ({
  connected: page,
  hub,
  origin,
}) => {
  await hub.kill();
  await saveInPage(page, 'while it was away');
  await page.evaluate(() =>
    globalThis.ggenSim.persistence.saveMemory({
      agentId: 'shared',
      agentType: 'test',
      memory: { in: 'page' },
    }),
  );
  await hub.machine('db', 'save-memory', 'shared', 'test', '{"in":"machine"}');
  await expect(state(page)).toHaveText('The hub cannot be reached');
  await expect(part(page)).toContainText('2 entries, since');
  await expect(part(page)).toContainText('Saves go on here.');
  // An interruption is not worth a notice on every view.
  await expect(page.getByText('What to do')).toHaveCount(0);
  await hub.start(origin);
  await part(page).getByRole('button', { name: 'Synchronise now' }).click();
  await expect(state(page)).toHaveText('Up to date');
  expect(await hub.executionsOfMachine()).toContain('while it was away');
  // Both have saved the memory of one agent meanwhile.
  await part(page).getByRole('link', { name: 'shared' }).click();
  await expect(page.getByRole('dialog')).toContainText('shared');
});

test('a token of a tab stays in it, another tab goes on with one of the device, and all tabs end together', async ({
  connected: page,
  context,
  hub,
}) => {
  const second = await openSimulator(context);
  await second.showTab('Database');
  await expect(part(second.page)).toContainText('it has no token of the hub');
  expect(await second.page.evaluate(() => sessionStorage.length + localStorage.length)).toBeGreaterThan(0);
  await expect(state(second.page)).toHaveText('Up to date');
  await part(second.page).getByLabel('Token', { exact: true }).fill(hub.token);
  await part(second.page).getByRole('button', { name: 'Connect', exact: true }).click();
  await part(second.page).getByRole('button', { name: 'Disconnect' }).click();
  for (const tab of [page, second.page]) {
    await expect(part(tab).getByLabel('Hub address')).toBeVisible();
    await expect.poll(() => keptTexts(tab)).not.toContain(hub.token);
  }

  await connect(second.page, hub, true);
  await expect(part(page).getByRole('button', { name: 'Synchronise now' })).toBeVisible();
  await page.close();
  await saveInPage(second.page, 'of the second tab');
  await expect.poll(() => hub.executionsOfMachine()).toContain('of the second tab');
  const third = await openSimulator(context);
  await third.showTab('Database');
  await expect(part(third.page).getByRole('button', { name: 'Synchronise now' })).toBeVisible();
  await part(third.page).getByRole('button', { name: 'Disconnect' }).click();
  for (const tab of [second, third]) {
    await expect(part(tab.page).getByLabel('Hub address')).toBeVisible();
    await expect.poll(() => keptTexts(tab.page)).not.toContain(hub.token);
  }
});

test('a hub that does not answer can be left, and its address does not come back', async ({
  simulator,
  context,
  hub,
  origin,
}) => {
  const { page } = simulator;
  await hub.start(origin);
  await connect(page, hub);
  await context.route(`${hub.url}/sync/v1/cursor`, () => undefined);
  const asked = page.waitForRequest(/cursor$/);
  await part(page).getByRole('button', { name: 'Synchronise now' }).click();
  await asked;
  // Before the call gives up by itself, after 90 s.
  await part(page).getByRole('button', { name: 'Disconnect' }).click({ timeout: 60_000 });
  await expect(part(page).getByLabel('Hub address')).toBeVisible();
  await page.reload();
  await ready(page);
  await expect(part(page).getByLabel('Hub address')).toBeVisible();
  expect(await keptTexts(page)).not.toContain(hub.token);
});

test('a copy of a database is found, and goes on under a new id', async ({
  connected: page,
  context,
  hub,
}) => {
  await saveInPage(page, 'of both');
  await expect.poll(() => hub.executionsOfMachine()).toContain('of both');
  // What the database was goes on elsewhere, as a restored profile of the browser does.
  const stored = await context.storageState({ indexedDB: true });
  await saveInPage(page, 'of the first');
  await expect.poll(() => hub.executionsOfMachine()).toContain('of the first');
  const browser = context.browser();
  if (browser === null) throw new Error('The context has no browser');
  const copy = await browser.newContext({ storageState: stored });
  const second = await openSimulator(copy);
  await second.showTab('Database');
  await saveInPage(second.page, 'of the copy');
  await part(second.page).getByLabel('Token', { exact: true }).fill(hub.token);
  await part(second.page).getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(state(second.page)).toHaveText('Stopped: the hub has other entries of this database');
  await second.showTab('Receipts');
  await second.page.getByRole('link', { name: 'What to do' }).click();
  await part(second.page).getByRole('button', { name: 'Give this database a new id' }).click();
  await expect(state(second.page)).toHaveText('Up to date');
  await expect.poll(() => second.executionIds()).toContain('of the first');
  await expect.poll(() => hub.executionsOfMachine()).toContain('of the copy');
  await copy.close();
});

test('a hub cannot read rows that have a key, and what two machines saved at once is merged in the page', async ({
  simulator,
  browser,
  hub,
  origin,
}, testInfo) => {
  const { page } = simulator;
  const press = (name: string): Promise<void> =>
    part(page).getByRole('button', { name, exact: true }).click();
  await hub.start(origin);
  await fill(page, hub);
  const saving = page.waitForEvent('download');
  await press('Make a key');
  const file = await saving;
  hub.keyFile = testInfo.outputPath(file.suggestedFilename());
  await file.saveAs(hub.keyFile);
  chmodSync(hub.keyFile, 0o600);
  const key = readFileSync(hub.keyFile, 'utf8').trim();
  await press('Connect');
  await expect(state(page)).toHaveText('Up to date');
  await expect(part(page)).toContainText('encrypted before they leave');
  await hub.addMachine();
  await saveInPage(page, 'SECRET of the page');
  await expect.poll(() => hub.executionsOfMachine()).toContain('SECRET of the page');
  expect([hub.holds('sealed'), hub.holds('SECRET')]).toEqual([true, false]);
  expect([await keptTexts(page), await imageHas(page, key)]).toEqual([expect.stringContaining(key), false]);

  await test.step('a page without the key, and with another one, is told so', async () => {
    const context = await browser.newContext();
    const second = await openSimulator(context);
    await second.showTab('Database');
    const field = part(second.page).getByLabel('Synchronisation key');
    const alert = part(second.page).getByRole('alert');
    const connectWith = async (typed: string): Promise<void> => {
      await field.fill(typed);
      await part(second.page).getByRole('button', { name: 'Connect', exact: true }).click();
    };
    await fill(second.page, hub);
    await connectWith('');
    await expect(alert).toContainText('SYNC_KEY_REQUIRED');
    await expect(alert).toContainText('choose its file');
    await connectWith(key.slice(1));
    await expect(alert).toContainText('64 hexadecimal digits');
    await connectWith('0'.repeat(64));
    await expect(alert).toContainText('is encrypted with another key');
    await expect(field).toHaveAttribute('aria-invalid', 'true');
    expect(await keptTexts(second.page)).not.toContain(hub.token);
    await findProblemsEverywhere(second.page);
    await part(second.page)
      .getByLabel('Key file')
      .setInputFiles(hub.keyFile ?? '');
    await expect(field).toHaveValue(key);
    await part(second.page).getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(state(second.page)).toHaveText('Up to date');
    await expect.poll(() => second.executionIds()).toContain('SECRET of the page');
    // What is kept has lost its key: the database knows which one it had.
    await second.page.evaluate(() => {
      for (const [name, kept] of Object.entries(sessionStorage))
        if (name.startsWith('ggen-sim-hub-'))
          sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(kept), key: undefined }));
    });
    await second.page.reload();
    await ready(second.page);
    await second.showTab('Database');
    await expect(state(second.page)).toHaveText('Stopped: rows are encrypted, and the key is missing');
    await connectWith('0'.repeat(64));
    await expect(alert).toContainText('This database was set up with another key');
    await connectWith(key);
    await expect(state(second.page)).toHaveText('Up to date');
    await context.close();
  });

  for (const agent of ['shared', 'raced']) await saveMemoryInPage(page, agent, { in: 'both' });
  await expect.poll(() => hub.memoryOfMachine('raced')).toContain('both');
  await hub.kill();
  for (const agent of ['shared', 'raced']) {
    await saveMemoryInPage(page, agent, { in: 'page', same: 1 });
    await hub.machine('db', 'save-memory', agent, 'test', '{"same":1,"in":"machine"}');
  }
  await hub.start(origin);
  await hub.machine('sync', 'run');
  await press('Synchronise now');
  await part(page).getByRole('link', { name: 'shared' }).click();
  const conflict = page.getByRole('region', { name: 'Conflict' });
  const text = conflict.getByRole('textbox', { name: 'Merged memory' });
  const write = async (merged: string): Promise<void> => {
    await text.click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(merged);
    await conflict.getByRole('button', { name: 'Save the merge' }).click();
  };
  await expect(conflict.getByRole('textbox')).toHaveCount(2);
  // Both may have one number and one time.
  const names = (await conflict.getByRole('textbox').all()).map((side) => side.getAttribute('aria-label'));
  const [other, used] = (await Promise.all(names)).map(
    (name) => /version 2 \((\w{8})\)/u.exec(name ?? '')?.[1],
  );
  expect([other, used]).toEqual([expect.any(String), expect.any(String)]);
  expect(other).not.toBe(used);
  await expect(conflict).toContainText('"in": "machine"');
  await expect(conflict).toContainText('"in": "page"');
  await findProblemsEverywhere(page);
  const usedText = await conflict.getByRole('textbox').nth(1).innerText();
  const contents = ['"in": "page"', '"in": "machine"'];
  if (usedText.includes('machine')) contents.reverse();
  for (const [index, hash] of [used, other].entries()) {
    await page.getByRole('link', { name: `Version 2 (${hash})` }).click();
    await expect(page.getByRole('region', { name: 'Stored JSON' })).toContainText(contents[index] ?? '');
  }
  await conflict.getByRole('button', { name: 'Edit a merge…' }).click();
  await expect(text).toBeFocused();
  await findProblemsEverywhere(page);
  await page.setViewportSize({ width: 1280, height: 720 });
  // Another order of the members is no difference, so there is one, which can be taken.
  const take = conflict.getByRole('button', { name: 'Take the other' });
  await take.click();
  await expect(take).toHaveCount(0);
  await write('{"in":');
  await expect(conflict.getByRole('alert')).toContainText('INVALID_JSON');
  await write('{"in": "a merge", "n": 9007199254740993}');
  await expect(conflict).toHaveCount(0);
  await expect.poll(() => hub.memoryOfMachine('shared')).toBe('{"in":"a merge","n":9007199254740993}');

  // The machine saves the memory again while it is merged in the page.
  await page.keyboard.press('Escape');
  await simulator.showTab('Database');
  await part(page).getByRole('link', { name: 'raced' }).click();
  await conflict.getByRole('button', { name: 'Edit a merge…' }).click();
  await hub.machine('sync', 'run');
  await hub.machine('db', 'save-memory', 'raced', 'test', '{"in":"machine again"}');
  await hub.machine('sync', 'run');
  await expect(conflict).toContainText('This memory was saved again, or removed, meanwhile.');
  await write('{"in":"an earlier look"}');
  await expect(conflict.getByRole('alert')).toContainText('VERSION_CONFLICT');
  await expect(conflict.getByRole('button', { name: 'Save the merge' })).toBeFocused();
  const asking = page.waitForEvent('dialog');
  void page.evaluate(() => location.reload());
  const asked = await asking;
  expect(asked.type()).toBe('beforeunload');
  await asked.dismiss();
  await expect(text).toContainText('an earlier look');
  await conflict.getByRole('button', { name: 'Cancel' }).click();
  await expect(conflict).toHaveCount(0);
  await expect(page.getByRole('dialog', { name: 'Memory of raced' })).toContainText('machine again');
});

test('three places of a memory of a megabyte are three differences, each of which can be taken', async ({
  connected: page,
  hub,
  origin,
}) => {
  const MEMBERS = 40_000;
  const memoryWith = (changes: Readonly<Record<number, string>>): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: MEMBERS }, (_, index) => [
        `member ${String(index).padStart(5, '0')}`,
        changes[index] ?? String(index),
      ]),
    );
  const places = [10, 20_000, MEMBERS - 10];
  const savedBy = (who: string): Record<string, string> =>
    memoryWith(Object.fromEntries(places.map((place) => [place, `${who} ${place}`])));
  await saveMemoryInPage(page, 'long', memoryWith({}));
  await expect.poll(() => hub.memoryOfMachine('long')).toContain('"39999"');
  await hub.kill();
  await saveMemoryInPage(page, 'long', savedBy('page'));
  await hub.machineWith(JSON.stringify(savedBy('machine')), 'db', 'save-memory', 'long', 'test', '-');
  await hub.start(origin);
  await hub.machine('sync', 'run');
  await part(page).getByRole('button', { name: 'Synchronise now' }).click();
  await part(page).getByRole('link', { name: 'long' }).click();
  const conflict = page.getByRole('region', { name: 'Conflict' });
  const sides = conflict.getByRole('textbox');
  await expect(sides).toHaveCount(2);
  for (const place of places)
    for (const who of ['page', 'machine']) await expect(conflict).toContainText(`${who} ${place}`);
  // Lines that are left out can be opened by the keyboard, on both sides at once, and the focus stays.
  const hidden = conflict.getByRole('button', { name: /unchanged lines/u });
  const rowCount = await hidden.count();
  expect(rowCount).toBeGreaterThan(2);
  await hidden.first().focus();
  await findProblemsEverywhere(page);
  await page.keyboard.press('Enter');
  await expect(hidden).toHaveCount(rowCount - 2);
  await expect(sides.first()).toBeFocused();
  const isPageUsed = (await sides.nth(1).innerText()).includes('page');
  const [used, other] = isPageUsed ? ['page', 'machine'] : ['machine', 'page'];
  // The editor shows what has room.
  await page.setViewportSize({ width: 1280, height: 1600 });
  await conflict.getByRole('button', { name: 'Edit a merge…' }).click();
  const take = conflict.getByRole('button', { name: 'Take the other' });
  await expect(take).toHaveCount(places.length);
  await take.nth(1).click();
  await expect(take).toHaveCount(places.length - 1);
  await conflict.getByRole('button', { name: 'Keep this' }).first().click();
  await expect(take).toHaveCount(places.length - 2);
  await findProblemsEverywhere(page);
  await conflict.getByRole('button', { name: 'Save the merge' }).click();
  await expect(conflict).toHaveCount(0);
  const merged = memoryWith({
    [places[0] ?? 0]: `${used} ${places[0]}`,
    [places[1] ?? 0]: `${other} ${places[1]}`,
    [places[2] ?? 0]: `${used} ${places[2]}`,
  });
  await expect.poll(async () => JSON.parse(await hub.memoryOfMachine('long')) as unknown).toEqual(merged);
});

test('every memory in conflict can be reached, also of many', async ({ connected: page, hub, origin }) => {
  const agents = Array.from({ length: 23 }, (_, index) => `agent ${String(index).padStart(2, '0')}`);
  await hub.kill();
  for (const agent of agents) {
    await saveMemoryInPage(page, agent, { in: 'page' });
    await hub.machine('db', 'save-memory', agent, 'test', '{"in":"machine"}');
  }
  await hub.start(origin);
  await hub.machine('sync', 'run');
  await part(page).getByRole('button', { name: 'Synchronise now' }).click();
  const links = part(page).getByRole('link', { name: /^agent \d\d$/u });
  await expect(part(page)).toContainText('23:');
  await expect(links).toHaveCount(5);
  await part(page).getByRole('button', { name: 'and 18 more' }).click();
  await expect(links).toHaveCount(agents.length);
  await expect(links.nth(5)).toBeFocused();
  await findProblemsEverywhere(page);
  expect((await links.allInnerTexts()).toSorted()).toEqual(agents);
  await links.last().click();
  await expect(page.getByRole('region', { name: 'Conflict' })).toContainText('"in": "machine"');
});

test('a studio merges with --write what two machines saved at once, and says what to do without', async ({
  page,
}, testInfo) => {
  const [one = '', two = '', shared = ''] = ['one.db', 'two.db', 'shared.db'].map((name) =>
    testInfo.outputPath(name),
  );
  for (const file of [one, two]) {
    await ggenSim('sync', 'init', shared, '--create', '--db', file);
    await ggenSim(
      'db',
      'save-memory',
      'a',
      'test',
      JSON.stringify({ in: path.basename(file) }),
      '--db',
      file,
    );
  }
  for (const file of [one, two, one]) await ggenSim('sync', 'run', '--db', file);
  const conflict = page.getByRole('region', { name: 'Conflict' });
  for (const options of [[], ['--write']]) {
    const studio = await startStudio(one, ...options);
    try {
      await page.goto(studio.url);
      await ready(page);
      await page.evaluate(() => (location.hash = '#/memory/a'));
      await expect(conflict).toContainText('one.db');
      await expect(conflict).toContainText('two.db');
      if (options.length === 0) {
        await expect(conflict).toContainText('This studio only reads');
        await expect(conflict.getByRole('button')).toHaveCount(0);
      } else {
        await conflict.getByRole('button', { name: 'Take the other' }).click();
        await expect(conflict).toHaveCount(0);
      }
    } finally {
      await studio.kill('SIGTERM');
    }
  }
  for (const file of [one, two]) await ggenSim('sync', 'run', '--db', file);
  const [left, right] = await Promise.all(
    [one, two].map((file) => ggenSim('db', 'query-memory', '--db', file)),
  );
  expect(JSON.parse(left ?? '')).toMatchObject([{ version: 2 }]);
  expect(right).toBe(left);
});

test('an imported database, which names another hub, is sent no token', async ({
  simulator,
  hub,
  origin,
}, testInfo) => {
  const { page } = simulator;
  await hub.start(origin);
  await connect(page, hub);
  const folder = testInfo.outputPath('other');
  mkdirSync(folder);
  const other = new Hub(folder);
  await other.start(origin);
  await other.addMachine();
  await other.sendReceipt('of another hub');
  await page.getByLabel('Database to import').setInputFiles(`${folder}/machine.db`);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Replace database' }).click();
  await expect(part(page)).toContainText(other.url);
  await expect(part(page)).toContainText('it has no token of the hub');
  await expect(part(page).getByRole('button', { name: 'Synchronise now' })).toHaveCount(0);
  await other.kill();
});

test('an encrypted database is sent only after a question', async ({ simulator, hub, origin }) => {
  const { page } = simulator;
  await hub.start(origin);
  await hub.addMachine();
  await page.getByRole('button', { name: 'Encrypt this database…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Encrypt this database' });
  await dialog.getByLabel('Passphrase', { exact: true }).fill('a passphrase of these tests');
  await dialog.getByLabel('Passphrase again').fill('a passphrase of these tests');
  await dialog.getByRole('button', { name: 'Encrypt', exact: true }).click();
  await expect(page.getByText('Database encrypted', { exact: true })).toBeVisible();
  await fill(page, hub);
  const consent = part(page).getByLabel('This database is encrypted');
  await part(page).getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(consent).toBeFocused();
  await consent.check();
  await part(page).getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(state(page)).toHaveText('Up to date');
  await saveInPage(page, 'of an encrypted database');
  await expect.poll(() => hub.executionsOfMachine()).toContain('of an encrypted database');
});

test('under the headers of a host workers reach the hub, and the document nothing but its own origin', async ({
  browser,
  hub,
}) => {
  const host = await startHost();
  // No context of these tests, in which the refusal would be a complaint.
  const page = await browser.newPage();
  try {
    await hub.start(host.origin);
    await page.goto(`${host.origin}/#/database`);
    await ready(page);
    await connect(page, hub);
    const refused = page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
            resolve(effectiveDirective),
          );
          void fetch(url).then(
            () => resolve('answered'),
            () => undefined,
          );
        }),
      hub.url,
    );
    expect(await refused).toBe('connect-src');
  } finally {
    await page.close();
    host.close();
  }
});

test('a studio tells how far the synchronisation of its file is, and sets none up', async ({
  page,
  hub,
}, testInfo) => {
  await hub.start();
  await hub.addMachine();
  const studio = await startStudio(testInfo.outputPath('machine.db'));
  try {
    await page.goto(studio.url);
    const simulator = new SimulatorPage(page);
    await simulator.showTab('Database');
    await expect(part(page)).toContainText(hub.url);
    await hub.machine('sync', 'run');
    await expect(state(page)).toHaveText('Up to date');
    await hub.machine('db', 'save-receipt', 'waits', 'machine', 'test', '{}');
    await expect(state(page)).toHaveText('1 entry to send');
    await expect(part(page)).toContainText('ggen-sim sync run');
    await expect(part(page).getByRole('button')).toHaveCount(0);
    await expect(part(page).getByRole('textbox')).toHaveCount(0);
  } finally {
    await studio.kill('SIGTERM');
  }
  const plain = testInfo.outputPath('plain.db');
  await ggenSim('db', 'init', '--db', plain);
  const another = await startStudio(plain);
  try {
    await page.goto(another.url);
    await new SimulatorPage(page).showTab('Database');
    await expect(part(page)).toContainText('This file is not synchronised.');
  } finally {
    await another.kill('SIGTERM');
  }
});
