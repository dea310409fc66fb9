/**
 * Installs this workspace. better-sqlite3 downloads a binary, or compiles with node-gyp; node-gyp would download Node's
 * headers, which usually lie beside the binary already.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const prefix = path.resolve(fs.realpathSync(process.execPath), '..', '..');
const hasHeaders = fs.existsSync(path.join(prefix, 'include', 'node', 'node_version.h'));
const { status } = spawnSync('pnpm', ['--dir', import.meta.dirname, 'install', '--frozen-lockfile'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, ...(hasHeaders && { npm_config_nodedir: prefix }) },
});
process.exitCode = status ?? 1;
