/** Settings files: ours in and out, everything else as it was. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  changeSettingsFile,
  HOOK_EVENTS,
  installedHooks,
  installHooks,
  removeHooks,
} from '../src/settings.ts';
import { temporaryFolder } from '../../../tests/support/temporary-folder.ts';

const COMMAND = 'ggen-sim hooks record --db "$CLAUDE_PROJECT_DIR"/a.db';
const FOREIGN = `{
\t"model": "opus",   "permissions": {"allow": ["Bash(npm test)"], "deny": []},
\t"hooks": {
\t\t"PreToolUse": [
\t\t\t{"matcher": "Bash", "hooks": [{"type": "command", "command": "/usr/bin/guard"}]}
\t\t],
\t\t"WorktreeCreate": []
\t}
}
`;

it.each([
  ['an empty file', ''],
  ['an empty object', '{}\n'],
  ['settings of others, with tabs', FOREIGN],
  ['Windows line ends', FOREIGN.replaceAll('\n', '\r\n')],
  ['comments', '{\n  // mine\n  "model": "opus"\n}\n'],
])('%s: installs every event, changes nothing the second time, and removes its own only', (_, before) => {
  const installed = installHooks(before, COMMAND);
  expect(
    installedHooks(installed)
      .map(({ event }) => event)
      .toSorted(),
  ).toEqual([...HOOK_EVENTS].toSorted());
  expect(installHooks(installed, COMMAND)).toBe(installed);
  // Every line of the file before is there as it was, up to the comma that an insertion after it needs.
  let from = 0;
  for (const line of before
    .split(/\r?\n/u)
    .filter((text) => text.trim().length > 1 && text.trim() !== '{}')) {
    if (line.includes('"WorktreeCreate"')) continue;
    from = installed.indexOf(line, from);
    expect(from, line).toBeGreaterThanOrEqual(0);
  }
  const removed = removeHooks(installed);
  expect(installedHooks(removed)).toEqual([]);
  const plain = (text: string): unknown => JSON.parse(text.replace('// mine', '') || '{}');
  expect(plain(removed)).toEqual(plain(before));
  if (before.includes('guard')) expect(removed).toBe(before);
  expect(removeHooks(before)).toBe(before);
});

it('changes the command of hooks that are there, and leaves one of two', () => {
  const old = installHooks(FOREIGN, COMMAND);
  const twice = old.replace(
    '"command": "/usr/bin/guard"}',
    '"command": "/usr/bin/guard"}, {"type": "command", "command": "node /x/main.mjs hooks record"}',
  );
  const next = installHooks(twice, `${COMMAND} --keep-prompts`);
  expect(new Set(installedHooks(next).map(({ command }) => command))).toEqual(
    new Set([`${COMMAND} --keep-prompts`]),
  );
  expect(installedHooks(next)).toHaveLength(HOOK_EVENTS.length);
  expect(next).toContain('/usr/bin/guard');
});

it.each([['{"hooks": []}'], ['{"hooks": {"Stop": {}}}'], ['[]'], ['{"a": }'], ['"text"']])(
  'refuses %s',
  (text) => {
    expect(() => installHooks(text, COMMAND)).toThrow(/is not|it is not/u);
  },
);

it('writes the file whole, keeps its mode, follows a link and leaves a backup', () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'real.json');
  fs.writeFileSync(file, FOREIGN, { mode: 0o640 });
  const link = path.join(folder, 'settings.json');
  fs.symlinkSync(file, link);
  const change = changeSettingsFile(link, (text) => installHooks(text, COMMAND));
  expect(change.file).toBe(file);
  expect(fs.readFileSync(change.backup ?? '', 'utf8')).toBe(FOREIGN);
  expect(fs.statSync(file).mode & 0o777).toBe(0o640);
  expect(fs.lstatSync(link).isSymbolicLink()).toBe(true);
  expect(change.difference).toMatch(/^\+.*hooks record/mu);
  expect(changeSettingsFile(link, (text) => installHooks(text, COMMAND))).toEqual({
    file,
    backup: null,
    difference: '',
  });
  expect(() =>
    changeSettingsFile(link, () => {
      throw new Error('refused');
    }),
  ).toThrow('refused');
  expect(fs.readdirSync(folder)).toHaveLength(3);
});
