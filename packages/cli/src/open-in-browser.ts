import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Programs that open a file with the program that the user has chosen for it. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/**
 * Opens an address in the user's browser. Other users of the machine can read the arguments of a process, and the address has
 * a token: so the browser is given a file of this user alone, which leads there. It is removed when this process ends.
 * @returns why no browser could be opened
 */
export async function openInBrowser(url: string): Promise<string | undefined> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ggen-sim-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'studio.html');
  const escaped = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><title>ggen-sim studio</title><meta http-equiv="refresh" content="0; url=${escaped}">\n`,
    { mode: 0o600 },
  );
  const [opener = '', ...options] = OPENERS[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(opener, [...options, file], { stdio: 'ignore', detached: true });
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (exitCode) => resolve(exitCode === 0 ? undefined : `${opener} failed`));
    child.unref();
  });
}
