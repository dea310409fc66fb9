import { validate } from '@ggen-sim/agents';
import { expect, test } from './support/fixtures.ts';

test('a syntax error is marked at its line and column', async ({ simulator }) => {
  const { page } = simulator;
  await simulator.startWith('Syntax error');
  await simulator.run();
  await expect(simulator.result).toContainText('SYNTAX_ERROR');
  await page.getByRole('button', { name: 'Go to line 15, column 5' }).click();
  await expect(page.locator('.cm-lintRange-error')).toHaveText('wn');
  await expect(page.locator('.cm-activeLine')).toContainText('wn:flowM3PerHour');

  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('End');
  await page.keyboard.type(' ;');
  await page.keyboard.press('Control+Enter');
  await expect(simulator.result).not.toContainText('SYNTAX_ERROR');
  await expect(page.locator('.cm-lintRange-error')).toHaveCount(0);
  await expect(simulator.count('Receipts')).toHaveText('2');
});

test('an ill-formed shape is named with its line and column', async ({ simulator }) => {
  const { page } = simulator;
  await page.getByRole('button', { name: 'Start an empty session' }).click();
  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    const text =
      '@prefix sh: <http://www.w3.org/ns/shacl#> .\n<urn:S> sh:targetNode <urn:x> ;\n  sh:node <urn:Mispelt> .\n';
    transfer.items.add(new File([text], 'network.ttl'));
    return transfer;
  });
  await page.dispatchEvent('.workbench', 'drop', { dataTransfer: dropped });
  await expect(simulator.editor).toContainText('Mispelt');
  await simulator.run();
  await expect(simulator.result).toContainText('INVALID_SHAPES');
  await expect(simulator.result).toContainText('<urn:S>: sh:node refers to <urn:Mispelt>');
  await page.getByRole('button', { name: 'Go to line 3, column 11' }).click();
});

test('violations are listed with focus node, path, value, shape and message', async ({ simulator }) => {
  await simulator.startWith('Water network with errors');
  await simulator.run();
  const rows = simulator.result.getByRole('row');
  await expect(rows).toHaveCount(21);
  const material = rows.filter({ hasText: 'wn:material' });
  await expect(material.getByRole('cell').nth(0)).toHaveText('east:main-1');
  await expect(material.getByRole('cell').nth(3)).toContainText('wns:');
  await expect(material.getByRole('cell').nth(4)).toContainText('Violation');
});

test('a violation leads to its line, is marked there, and the next run says what it fixed', async ({
  simulator,
}) => {
  const { page } = simulator;
  await simulator.startWith('Water network with errors');
  await simulator.run();
  await expect(page.locator('.cm-lint-marker-error').first()).toBeVisible();
  const row = simulator.result.getByRole('row').filter({ hasText: 'wn:material' });
  await row.getByRole('button', { name: /^Line \d+$/ }).click();
  await expect(page.locator('.cm-activeLine')).toContainText('wn:material');
  // The line is made a comment, which takes its violation away and may bring another.
  await page.keyboard.press('Home');
  await page.keyboard.type('# ');
  await page.keyboard.press('Control+Enter');
  const comparison = page.locator('.run-comparison');
  await expect(comparison).toContainText(/Since the run before: 1 fixed, \d+ new, 19 unchanged/);
  await comparison.getByRole('link', { name: 'Compare the two runs' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('columnheader', { name: 'The other receipt' })).toBeVisible();
  await expect(dialog.getByRole('textbox', { name: 'This receipt' })).toContainText('"results": 19');
  await page.goBack();
  await expect(dialog).toHaveCount(0);
});

test('problems are marked while one types, and nothing is recorded', async ({ simulator }) => {
  const { page } = simulator;
  await simulator.startWith('Water network conforms');
  await expect(page.locator('.live-summary')).toHaveCount(0);
  await simulator.editor.click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.type('<urn:pipe> <urn:material> .');
  const summary = page.locator('.live-summary');
  await expect(summary).toContainText('As you type: 1 error');
  await expect(page.locator('.cm-lint-marker-error')).toHaveCount(1);
  await page.keyboard.press('ControlOrMeta+Home');
  await summary.getByRole('button', { name: /^Line \d+$/ }).click();
  await expect(page.locator('.cm-activeLine')).toContainText('<urn:material> .');
  // The object that was missing.
  await page.keyboard.press('End');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('"PE" .');
  await expect(summary).toContainText('conforms');
  await expect(page.locator('.cm-lint-marker-error')).toHaveCount(0);
  await page.keyboard.press('Enter');
  await page.keyboard.type('<urn:main> a <https://example.org/water-network#Pipe> .');
  await expect(summary).toContainText(/As you type: \d+ results/);
  await expect(page.locator('.cm-lint-marker-error')).toHaveCount(1);
  await expect(simulator.count('Receipts')).toHaveText('0');
  // A run tells the same, and takes the place of the check.
  await page.keyboard.press('ControlOrMeta+Enter');
  await expect(simulator.result).toContainText('Does not conform');
  await expect(summary).toHaveCount(0);
});

test('dropped files become documents; what the agent cannot read is refused by name', async ({
  simulator,
}) => {
  const { page } = simulator;
  await page.getByRole('button', { name: 'Start an empty session' }).click();
  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['<urn:a> <urn:b> <urn:c> .'], 'dropped.nt'));
    transfer.items.add(new File(['hello'], 'notes.txt'));
    return transfer;
  });
  await page.dispatchEvent('.workbench', 'drop', { dataTransfer: dropped });
  await expect(simulator.editor).toContainText('<urn:a>');
  await expect(page.getByText('notes.txt was not added')).toBeVisible();
  await simulator.run();
  await expect(simulator.result).toContainText('partial');
});

test('imports, gates and queries of shapes give the hash that they give in Node', async ({
  simulator,
  pageDatabase,
}) => {
  const { page } = simulator;
  const prefixes = '@prefix ex: <http://e.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .';
  const spec = {
    name: 'spec.ttl',
    content: `${prefixes} <> <http://www.w3.org/2002/07/owl#imports> ex:base . ex:x a ex:C ; ex:p 1 .`,
  };
  const shapes = {
    name: 'shapes.ttl',
    content: `${prefixes} ex:S sh:targetClass ex:B ; sh:sparql [ sh:select "SELECT $this ?value { $this <http://e.org/p> ?value }" ] .`,
  };
  const imported = {
    name: 'base.rdf',
    content:
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">' +
      '<rdf:Description rdf:about="http://e.org/base"><rdf:type rdf:resource="http://www.w3.org/2002/07/owl#Ontology"/></rdf:Description>' +
      '<rdf:Description rdf:about="http://e.org/C"><rdfs:subClassOf rdf:resource="http://e.org/B"/></rdf:Description></rdf:RDF>',
  };
  const gate = { name: 'gate.rq', content: '# MESSAGE: no\nASK { ?x <http://e.org/p> 1 }' };
  await page.getByRole('button', { name: 'Start an empty session' }).click();
  const dropped = await page.evaluateHandle(
    (files) => {
      const transfer = new DataTransfer();
      for (const { name, content } of files) transfer.items.add(new File([content], name));
      return transfer;
    },
    [spec, shapes, imported, gate],
  );
  await page.dispatchEvent('.workbench', 'drop', { dataTransfer: dropped });
  await page.getByRole('list', { name: 'Documents' }).getByRole('button', { name: 'base.rdf' }).click();
  await page.getByLabel('Role').selectOption('import');
  await expect(page.getByText('1 ontology, 1 shapes document, 1 import, 1 gate')).toBeVisible();
  await simulator.run();
  await expect(simulator.result).toContainText('2 violations');
  const { determinismHash } = await validate({
    spec: [spec],
    shapes: [shapes],
    import: [imported],
    gates: [gate],
  });
  await expect(pageDatabase).toHaveReceipt({ receipt: { error: null, determinism_hash: determinismHash } });
});

test('a hundred thousand receipts stay smooth: few rows in the document, pages on demand', async ({
  simulator,
}) => {
  const { page } = simulator;
  await page.evaluate(async () => {
    for (let batch = 0; batch < 20; batch += 1) {
      await globalThis.ggenSim.persistence.saveReceipts(
        Array.from({ length: 5000 }, (_, index) => ({
          executionId: `row-${batch}-${index}`,
          agentId: 'bulk',
          agentType: 'test',
          receipt: { index },
        })),
      );
    }
  });
  await expect(simulator.count('Receipts')).toHaveText('100,000');
  await expect(page.getByText(/of 100,000 rows loaded/)).toBeVisible();
  await simulator.table.focus();
  await page.keyboard.press('End');
  await expect(page.getByText(/^500 of 100,000 rows loaded/)).toBeVisible();
  expect(await simulator.table.getByRole('row').count()).toBeLessThan(60);
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toContainText('{ "index": 4999 }', { useInnerText: false });
  await page.keyboard.press('Escape');

  await page.keyboard.press('End');
  await page.getByRole('button', { name: /^Created/ }).click();
  await expect(simulator.table).toHaveAccessibleName('Receipts, oldest first');
  await expect(page.getByText(/^250 of 100,000 rows loaded/)).toBeVisible();
  await expect(simulator.table.getByRole('row').nth(1)).toContainText('row-0-0');
  expect(await simulator.table.evaluate((table) => table.scrollTop)).toBe(0);
});
