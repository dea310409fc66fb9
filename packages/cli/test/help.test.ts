/** Help pages are complete. Each is a snapshot in `help-pages`; `vitest -u` writes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { kebabCase } from '../src/letter-case.ts';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const help = async (...words: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await sandbox.run([...words, '--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
};

it('lists every command', async () => {
  const page = await help();
  for (const { name, summary } of COMMANDS)
    expect(page.replaceAll(/\s+/gu, ' ')).toContain(`${name} ${summary}`);
  expect((await sandbox.run(['help'])).stdout).toBe(page);
  const group = await help('db');
  for (const { name } of COMMANDS.filter((command) => command.name.startsWith('db ')))
    expect(group).toContain(`  ${name} `);
  expect((await sandbox.run(['db', 'help'])).stdout).toBe(group);
});

/** File of the built program with the code of synchronisations. */
const engine =
  readdirSync(dirname(programPath)).find(
    (name) =>
      name.endsWith('.mjs') &&
      readFileSync(join(dirname(programPath), name), 'utf8').includes('Synchroniser = class'),
  ) ?? 'none';

describe.each(COMMANDS)('$name', ({ name, positionals, options, examples }) => {
  it('has a help page with arguments, defaults, examples and exit codes', async () => {
    const page = await help(...name.split(' '));
    await expect(page).toMatchFileSnapshot(join('help-pages', `${name.replaceAll(' ', '-')}.txt`));
    const text = page.replaceAll(/\s+/gu, ' ');
    const parameters = Object.entries({ ...positionals, ...options });
    for (const [parameter, { shownDefault, description }] of parameters) {
      expect(text).toContain(`--${kebabCase(parameter)}`);
      expect(text).toContain(description);
      expect(text).toContain(shownDefault === undefined ? '' : `default: ${shownDefault}`);
    }
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(page).toContain(`  ${example}\n`);
    for (const code of ['0 ', '1 ', '64 ', '130']) expect(page).toMatch(new RegExp(`^  ${code}`, 'mu'));
    expect(
      Math.max(
        ...(page
          .split('\nExamples:')[0]
          ?.split('\n')
          .map((line) => line.length) ?? []),
      ),
    ).toBeLessThanOrEqual(80);
    const words = name.split(' ');
    expect((await sandbox.run([...words.slice(0, -1), 'help', ...words.slice(-1)])).stdout).toBe(page);
  });
});

it('creates no database', async () => {
  expect((await sandbox.spawn('ls', ['-A'])).stdout).toBe('');
});

/** Returns Node's trace of the modules it loaded and of its look-ups in packages. */
async function loadedBy(words: readonly string[]): Promise<string> {
  return (await sandbox.runProcess([...words], { environment: { NODE_DEBUG: 'esm,module' } })).stderr;
}

it.each([[['--help']], [['--version']], [['completion', 'bash']], [['db', 'stats', '--nonsense']]])(
  '%j loads no database code and no agent',
  async (words) => {
    const loaded = await loadedBy(words);
    expect(loaded).toContain('main.mjs');
    expect(loaded).not.toMatch(
      /sql-wasm|fs-native-extensions|open-in-process|canonicalize|tables-|validate-|-target-/u,
    );
  },
);

it('run-agent loads its agent, or the check above would prove nothing', async () => {
  const spec = join(import.meta.dirname, '../../../examples/water-glossary.ttl');
  expect(await loadedBy(['run-agent', 'validation', '--spec', spec])).toContain('validate-');
});

describe('sync', () => {
  it('loads its code, and of the targets the one that is used', async () => {
    await sandbox.run(['sync', 'init', 'hub.db', '--create']);
    const loaded = await loadedBy(['sync', 'push']);
    expect(loaded).toContain(engine);
    expect(loaded).toContain('file-target-');
    expect(loaded).not.toContain('postgres-target-');
  });
});

describe('db stats', () => {
  it('loads the database code, as a control of the test above', async () => {
    const loaded = await loadedBy(['db', 'stats']);
    for (const name of ['fs-native-extensions.node', 'open-in-process']) {
      expect(loaded).toContain(name);
    }
  });

  it('loads no module that is slow and not needed', async () => {
    const loaded = await loadedBy(['db', 'stats']);
    expect(loaded).not.toMatch(/sql-wasm\.js|require-addon|node:(crypto|worker_threads)|-target-/u);
    expect(loaded).not.toContain(engine);
  });
});
