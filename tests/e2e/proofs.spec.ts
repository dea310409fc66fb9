/** Proofs in the page: what another program did to the file is named and linked, and a proof is checked without a database. */
import { readFile, writeFile } from 'node:fs/promises';
import { verifyCheckpoint } from '@ggen-sim/core';
import type { Page, TestInfo } from '@playwright/test';
import { findProblemsEverywhere } from './support/axe.ts';
import { expect, test } from './support/fixtures.ts';
import { ggenSim, sqlite3 } from './support/native-tools.ts';
import { SimulatorPage } from './support/simulator-page.ts';
import { startStudio } from './support/studio.ts';
import { SIZES } from './support/take-pictures.ts';

/** Saves what a button downloads. @returns the file */
async function download(page: Page, button: string, testInfo: TestInfo, name: string): Promise<string> {
  const [downloaded] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  const file = testInfo.outputPath(name);
  await downloaded.saveAs(file);
  return file;
}

test('a checkpoint and a proof of IndexedDB are files that the page and the command line check', async ({
  simulator,
}, testInfo) => {
  const { page } = simulator;
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await simulator.showTab('Database');
  await page.getByRole('button', { name: 'Make a checkpoint' }).click();
  const checkpoint = await download(page, 'Download the checkpoint', testInfo, 'checkpoint.txt');
  expect(await readFile(checkpoint, 'utf8')).toMatch(/^ggen-sim\.dev\/[0-9a-f-]{36}\n\d+\n[\w+/]{43}=\n$/);

  await simulator.showTab('Receipts');
  await simulator.table.getByRole('row').nth(1).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await expect(dialog).toContainText('Unchanged since it was stored');
  const proof = await download(page, 'Download the proof', testInfo, 'proof.json');
  await dialog.getByRole('button', { name: 'Close details' }).click();

  await simulator.showTab('Audit trail');
  await simulator.table.getByRole('row').nth(1).click();
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await expect(dialog).toContainText('Unchanged since it was stored');
  await dialog.getByRole('button', { name: 'Close details' }).click();

  await simulator.showTab('Database');
  await page.getByLabel('Checkpoints to compare with').setInputFiles(checkpoint);
  await expect(page.getByText('the log begins as the checkpoint says')).toBeVisible();
  const pick = page.getByLabel('Proof to check');
  await pick.setInputFiles(proof);
  await expect(page.getByText(/The proof is right: entry \d+ is one of \d+ entries/)).toBeVisible();
  await expect(page.getByText('no key has signed it')).toBeVisible();

  // The record in the proof is edited, as whoever shows it to others would.
  const text = await readFile(proof, 'utf8');
  const forged = testInfo.outputPath('forged.json');
  await writeFile(forged, text.replace(String.raw`\"status\":\"error\"`, String.raw`\"status\":\"success\"`));
  await pick.setInputFiles(forged);
  await expect(page.getByText('PROOF_INVALID')).toBeVisible();
  await expect(page.getByText('The row was edited: it has another hash')).toBeVisible();
  await pick.setInputFiles(checkpoint);
  await expect(page.getByText('None of the files is a proof')).toBeVisible();

  // The command line signs and checks the same database.
  const file = await download(page, 'Download database', testInfo, 'ggen.db');
  const key = testInfo.outputPath('ggen.key');
  const signed = testInfo.outputPath('signed.txt');
  await writeFile(signed, await ggenSim('db', 'checkpoint', '--key', key, '--db', file));
  const [receipt] = JSON.parse(await ggenSim('db', 'query-receipts', '--db', file)) as {
    receipt_id: string;
  }[];
  const printed = testInfo.outputPath('printed.json');
  const words = ['db', 'prove', 'receipt', receipt!.receipt_id, '--checkpoint', signed, '--db', file];
  await writeFile(printed, await ggenSim(...words));
  await pick.setInputFiles([printed, `${key}.pub`]);
  await expect(page.getByText(/The proof is right: entry \d+ is one of \d+ entries/)).toBeVisible();
  await expect(page.getByText('no key has signed it')).toHaveCount(0);
  await page.getByText('The record', { exact: true }).click();
  await findProblemsEverywhere(page);
});

test('a checkpoint that the page has signed is checked with its public key, and the key is kept', async ({
  simulator,
}, testInfo) => {
  const { page } = simulator;
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await simulator.showTab('Database');
  const makeSigned = async (name: string): Promise<string> => {
    await page.getByLabel('Sign it with the key of this browser').check();
    await page.getByRole('button', { name: 'Make a checkpoint' }).click();
    await expect(page.getByText('Signed. Others check it')).toBeVisible();
    return download(page, 'Download the checkpoint', testInfo, name);
  };
  const signed = await makeSigned('signed.txt');
  const key = await download(page, 'Download the public key', testInfo, 'checkpoints.pub');
  const verifierKey = (await readFile(key, 'utf8')).trim();
  const { origin } = await verifyCheckpoint(await readFile(signed, 'utf8'), verifierKey);
  const file = await download(page, 'Download database', testInfo, 'ggen.db');
  const verified = await ggenSim('db', 'verify', '--checkpoint', signed, '--key', key, '--db', file);
  expect(JSON.parse(verified)).toMatchObject({ ok: true });
  await findProblemsEverywhere(page);

  await page.reload();
  await simulator.showTab('Database');
  const later = await makeSigned('later.txt');
  await expect(verifyCheckpoint(await readFile(later, 'utf8'), verifierKey)).resolves.toMatchObject({
    origin,
  });
});

test('a studio names the first row that another program edited, and what it cut off', async ({
  page,
}, testInfo) => {
  const file = testInfo.outputPath('ggen.db');
  for (const execution of ['first', 'second', 'third']) {
    await ggenSim('db', 'save-receipt', execution, 'alpha', 'validation', '{"files":1}', '--db', file);
  }
  const studio = await startStudio(file);
  try {
    await page.goto(studio.url);
    const simulator = new SimulatorPage(page);
    await simulator.showTab('Database');
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect(
      page.getByText('3 of the stored rows are as 3 entries of the change log have them'),
    ).toBeVisible();
    await page.getByRole('button', { name: 'Make a checkpoint' }).click();
    const checkpoint = await download(page, 'Download the checkpoint', testInfo, 'checkpoint.txt');

    await sqlite3(
      file,
      "UPDATE receipts SET updated_at = '2020-01-01 00:00:00' WHERE execution_id = 'second'",
    );
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect(page.getByRole('alert')).toContainText(/history \(receipts 2\): .* was edited/);
    await findProblemsEverywhere(page);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({
          path: testInfo.outputPath(`edited-${size}-${colorScheme}.png`),
          fullPage: true,
        });
      }
    }
    await page.getByRole('link', { name: 'Open the receipt' }).click();
    await expect(page.getByRole('dialog')).toContainText('second');
    await page.getByRole('dialog').getByRole('button', { name: 'Verify' }).click();
    await expect(page.getByRole('dialog')).toContainText('The row was edited');
    await page.getByRole('button', { name: 'Close details' }).click();

    await sqlite3(
      file,
      `UPDATE receipts SET updated_at = created_at; DELETE FROM receipts WHERE execution_id = 'third';
       DELETE FROM _change_log WHERE seq = 3; DELETE FROM _schema_metadata WHERE key = 'change_log_position'`,
    );
    await simulator.showTab('Database');
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect(page.getByText('No problems found; 2 receipt IDs verified')).toBeVisible();
    await page.getByLabel('Checkpoints to compare with').setInputFiles(checkpoint);
    await expect(page.getByRole('alert')).toContainText(
      'the last 1 entries of the checkpoint of 3 entries are cut off',
    );
  } finally {
    // A page whose server is gone logs that it cannot connect.
    await page.close();
    await studio.kill('SIGTERM');
  }
});
