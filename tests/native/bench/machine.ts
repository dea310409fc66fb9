import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Describes the machine without its host name. */
export function describeMachine(folder: string): Record<string, string> {
  return {
    processor: `${os.cpus()[0]?.model ?? 'unknown'}, ${os.cpus().length} cores`,
    memory: `${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${os.type()} ${os.release().split('-')[0]} ${os.arch()}`,
    disk: describeDisk(folder),
  };
}

/** The versions of what was compared; Chromium's where it ran. */
export function describeVersions(
  packages: readonly string[],
  chromium: string | undefined,
): Record<string, string> {
  const versions: Record<string, string> = { node: process.version.slice(1), ...(chromium && { chromium }) };
  const [native] = (spawnSync('sqlite3', ['--version'], { encoding: 'utf8' }).stdout ?? '').split(' ');
  versions['sqlite3 (native)'] = native || 'not found';
  const modules = path.resolve(import.meta.dirname, '../../node_modules');
  for (const name of packages) {
    const { version } = JSON.parse(readFileSync(path.join(modules, name, 'package.json'), 'utf8')) as {
      version: string;
    };
    versions[name] = version;
  }
  return versions;
}

function describeDisk(folder: string): string {
  const { stdout } = spawnSync('findmnt', ['-no', 'SOURCE,FSTYPE', '-T', folder], { encoding: 'utf8' });
  const [source = '', fileSystem = 'unknown'] = (stdout ?? '').trim().split(/\s+/);
  const flag = `/sys/block/${path.basename(source).replace(/p?\d+$/, '')}/queue/rotational`;
  const kind = existsSync(flag)
    ? readFileSync(flag, 'utf8').trim() === '0'
      ? 'not rotating'
      : 'rotating'
    : '';
  return [fileSystem, path.basename(source), kind].filter(Boolean).join(', ');
}
