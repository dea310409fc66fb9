/** `ggen-sim studio` as a process. The page itself is tested by `tests/e2e/studio.spec.ts`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();

it('gives the browser of --open a file of its user alone, and no token among the arguments', async () => {
  await sandbox.run(['db', 'init']);
  const bin = join(sandbox.directory, 'bin');
  fs.mkdirSync(bin);
  const seen = join(sandbox.directory, 'seen');
  fs.writeFileSync(
    `${bin}/xdg-open`,
    `#!/bin/sh\nstat -c %a "$1" > ${seen}.part; cat "$1" >> ${seen}.part; mv ${seen}.part ${seen}\n`,
    {
      mode: 0o755,
    },
  );
  const child = spawn(process.execPath, [programPath, 'studio', '--open', '--db', sandbox.databasePath], {
    cwd: sandbox.directory,
    env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const line of createInterface({ input: child.stdout })) {
    text += line;
    if (line === '}') break;
  }
  const report = JSON.parse(text) as { url: string };
  expect(report).toMatchObject({ database: sandbox.databasePath, read_only: true, process_id: child.pid });
  await expect.poll(() => fs.existsSync(seen)).toBe(true);
  const [mode, ...page] = fs.readFileSync(seen, 'utf8').split('\n');
  expect(mode).toBe('600');
  expect(page.join('\n')).toContain(report.url);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

it('refuses a port that there is not, and a database that is missing', async () => {
  expect((await sandbox.run(['studio', '--port', '65536'])).exitCode).toBe(64);
  expect((await sandbox.run(['studio', 'missing.db'])).stderr).toContain('NOT_FOUND');
});
