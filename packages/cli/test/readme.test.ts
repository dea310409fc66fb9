/** The README is correct: its recipes run and its table lists every command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { Sandbox } from './run-cli.ts';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const sandbox = new Sandbox();

beforeAll(async () => {
  const failed = '{"files_generated":12}';
  await sandbox.db('save-receipt', 'exec-1', 'validator-1', 'validation', failed, 'error');
  await sandbox.db('save-memory', 'agent-1', 'validation', '{"iterations":5}');
  await sandbox.db('log-audit', 'agent-1', 'render', 'failed', '', '2000', '', 'Template not found');
});

it('lists every command', () => {
  const listed = [...readme.matchAll(/^\| `([a-z -]+)` +\|/gmu)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(COMMANDS.map(({ name }) => name)));
});

describe('recipes', () => {
  const block = /## Recipes\n\n```bash\n(?<recipes>[^`]*)```/u.exec(readme)?.groups?.['recipes'] ?? '';
  const recipes = block
    .trim()
    .split('\n\n')
    .map((text) => text.split('\n'));

  it.each(recipes)('%s', async (_, recipe = '') => {
    const { exitCode, stdout, stderr } = await sandbox.shell(`set -euo pipefail\n${recipe}`);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });
});
