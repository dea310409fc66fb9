/** Help is complete and stays that way: the pages are kept as files beside this test. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/commands/index.ts';
import { kebabCase } from '../src/letter-case.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const help = async (...words: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await sandbox.run([...words, '--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
};

it('lists every command', async () => {
  const page = await help();
  for (const { name, summary } of commands)
    expect(page.replaceAll(/\s+/gu, ' ')).toContain(`${name} ${summary}`);
  expect((await sandbox.run(['help'])).stdout).toBe(page);
  const group = await help('db');
  for (const { name } of commands.filter((command) => command.name.startsWith('db ')))
    expect(group).toContain(`  ${name} `);
  expect((await sandbox.run(['db', 'help'])).stdout).toBe(group);
});

describe.each(commands)('$name', ({ name, positionals, flags, examples }) => {
  it('explains arguments, defaults, an example and exit codes', async () => {
    const page = await help(...name.split(' '));
    await expect(page).toMatchFileSnapshot(join('help-pages', `${name.replaceAll(' ', '-')}.txt`));
    const text = page.replaceAll(/\s+/gu, ' ');
    const inputs = Object.entries({ ...positionals, ...flags });
    for (const [input, { shownDefault, description }] of inputs) {
      expect(text).toContain(`--${kebabCase(input)}`);
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

it('never makes a database', async () => {
  expect((await sandbox.spawn('ls', ['-A'])).stdout).toBe('');
});

/** Node's own trace of the modules it loaded and of what it looked for in packages. */
async function loadedBy(words: readonly string[]): Promise<string> {
  return (await sandbox.run([...words], { environment: { NODE_DEBUG: 'esm,module' } })).stderr;
}

it.each([[['--help']], [['--version']], [['completion', 'bash']], [['db', 'stats', '--nonsense']]])(
  '%j loads no database code',
  async (words) => {
    const loaded = await loadedBy(words);
    expect(loaded).toContain('main.mjs');
    expect(loaded).not.toMatch(/sql-wasm|fs-native-extensions|open-in-process/u);
  },
);

describe('db stats', () => {
  it('loads database code, or the check above would prove nothing', async () => {
    const loaded = await loadedBy(['db', 'stats']);
    for (const name of ['sql-wasm.wasm', 'fs-native-extensions.node', 'open-in-process']) {
      expect(loaded).toContain(name);
    }
  });

  it('loads none of what takes Node long and answers nothing here', async () => {
    const loaded = await loadedBy(['db', 'stats']);
    expect(loaded).not.toMatch(/sql-wasm\.js|require-addon|node:(crypto|worker_threads)/u);
  });
});
