import { expect, openSimulator, test } from './support/fixtures.ts';

// A service worker would fetch every file for later, which hides the page's own requests.
test.use({ serviceWorkers: 'block' });

test('editor, chart and agents are fetched at their first use, not before', async ({ context }) => {
  const fetched: string[] = [];
  context.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  /** Returns the large modules fetched so far. */
  const heavy = (): string[] =>
    [
      'code-editor',
      'sql-panel',
      'query-editor',
      'duration-plot',
      'running-sync',
      'hub.worker',
      'agents.worker',
      'rdf-validate-shacl',
      'water-network-violations',
    ].filter((part) => fetched.some((path) => path.includes(`/${part}`) && path.endsWith('.js')));

  const simulator = await openSimulator(context);
  await expect(simulator.page.getByRole('heading', { name: 'Start a session' })).toBeVisible();
  await simulator.showTab('Database');
  await simulator.showTab('Receipts');
  await simulator.page.waitForLoadState('networkidle');
  expect(fetched.some((path) => path.endsWith('.wasm'))).toBe(true);
  expect(heavy()).toEqual([]);

  await simulator.startWith('Water network with errors');
  expect(heavy()).toEqual(['code-editor', 'water-network-violations']);
  await simulator.run();
  await expect(simulator.count('Receipts')).toHaveText('1');
  await expect.poll(heavy).toHaveLength(5);
});
