/** Bytes that are not UTF-8 are refused. Node would decode them to U+FFFD, which is another text and another path. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRows, Sandbox } from './run-cli.ts';

describe.runIf(process.platform === 'linux')('bytes that are not UTF-8', () => {
  const sandbox = new Sandbox();

  it.each([
    ['in a text', String.raw`db save-memory $'agent\xff' t '{}'`, 'Argument 3 is not UTF-8'],
    ['in JSON', String.raw`db save-memory a t $'"\xe9"'`, 'Argument 5 is not UTF-8'],
    ['in a path', String.raw`db stats --db $'bad\xff.db'`, 'Argument 4 is not UTF-8'],
    ['in a path beside a typed U+FFFD', String.raw`db stats --db $'\xef\xbf\xbd\xff.db'`, 'Argument 4'],
    ['in an option', String.raw`--db=$'\xc0\x80' db stats`, 'Argument 1 is not UTF-8'],
    ['in the command', String.raw`db $'stat\xff'`, 'Argument 2 is not UTF-8'],
  ])('are refused %s', async (_, words, message) => {
    const { exitCode, stdout, stderr } = await sandbox.shell(`ggen-sim ${words}`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toMatch(/^error\[USAGE\]: .*\n$/u);
    expect(stderr).toContain(message);
    expect(readdirSync(sandbox.directory)).toEqual([]);
  });

  it('are refused in the variables of the path, and in the path of the current directory', async () => {
    for (const name of ['DB_PATH', 'DB_DIR', 'WORKSPACE_DIR', 'SCRIPT_DIR']) {
      const { exitCode, stderr } = await sandbox.shell(String.raw`${name}=$PWD/$'\xff' ggen-sim db stats`);
      expect(exitCode).toBe(64);
      expect(stderr).toContain(`error[USAGE]: ${name} is not UTF-8.`);
    }
    const script = String.raw`mkdir $'\xff' && cd $'\xff' && ggen-sim db stats; code=$?; cd ..; rmdir $'\xff'; exit $code`;
    const { exitCode, stderr } = await sandbox.shell(script);
    expect(exitCode).toBe(64);
    expect(stderr).toContain('The path of the current directory is not UTF-8');
    expect(readdirSync(sandbox.directory)).toEqual([]);
  });
});

it('keeps U+FFFD that was typed as such, in texts and paths', async () => {
  const sandbox = new Sandbox();
  const folder = join(sandbox.directory, 'folder \uFFFD');
  mkdirSync(folder);
  const environment = { DB_PATH: join(folder, '\uFFFD.db') };
  const saved = await sandbox.run(['db', 'save-memory', '\uFFFD', 't', '"\uFFFD"'], { environment });
  expect(saved).toMatchObject({ exitCode: 0, stderr: '' });
  const { stdout } = await sandbox.shell("cd folder* && ggen-sim db query-memory --db './\uFFFD.db'");
  expect(parseRows(stdout)).toMatchObject([{ agent_id: '\uFFFD', memory_json: '"\uFFFD"' }]);
  expect(readdirSync(folder)).toEqual(['\uFFFD.db']);
});
