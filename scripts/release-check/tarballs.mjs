import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Folders of the published packages. */
export const PACKAGES = [
  'sqljs-vfs',
  'core',
  'agents',
  'graphql',
  'mcp',
  'hooks',
  'serve',
  'sync',
  'playwright',
  'cli',
];

/** Runs a program; its errors go to this terminal. @returns its standard output */
export const run = (command, argumentList, options = {}) =>
  execFileSync(command, argumentList, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

/**
 * Packs the packages and unpacks each tarball.
 * @returns name, path of the tarball, folder with its contents, and the packed and the workspace's package.json
 */
export function packAll(packages, folder) {
  return packages.map((directory) => {
    const destination = path.join(folder, directory);
    mkdirSync(destination);
    run('pnpm', ['--dir', `packages/${directory}`, 'pack', '--pack-destination', destination]);
    const file = path.join(destination, readdirSync(destination)[0]);
    run('tar', ['-xzf', file, '-C', destination]);
    const contents = path.join(destination, 'package');
    const manifest = JSON.parse(readFileSync(path.join(contents, 'package.json'), 'utf8'));
    const workspaceManifest = JSON.parse(readFileSync(`packages/${directory}/package.json`, 'utf8'));
    return { name: manifest.name, file, contents, manifest, workspaceManifest };
  });
}

/** Creates a project that depends on every tarball and on their peers, and installs it with pnpm. @returns its folder */
export function installInFreshProject(tarballs, folder) {
  const project = path.join(folder, 'project');
  mkdirSync(project);
  const ours = Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`]));
  // Optional peers too, in the version that is tested here: every entry is imported.
  const peers = tarballs.flatMap(({ manifest, workspaceManifest }) =>
    Object.keys(manifest.peerDependencies ?? {}).map((name) => [
      name,
      workspaceManifest.devDependencies[name],
    ]),
  );
  const dependencies = { ...ours, ...Object.fromEntries(peers) };
  const manifest = { name: 'fresh', private: true, type: 'module', dependencies };
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest));
  // The packages depend on each other by version, and none is in a registry before the release.
  const overrides = Object.entries(ours).map(([name, file]) => `  '${name}': '${file}'\n`);
  writeFileSync(
    path.join(project, 'pnpm-workspace.yaml'),
    `packages: ['.']\noverrides:\n${overrides.join('')}`,
  );
  run('pnpm', ['install', '--prefer-offline'], { cwd: project });
  return project;
}
