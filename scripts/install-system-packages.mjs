// Installs the programs that the tests use beside Node: the native SQLite shell, jq, the shells with completions, a
// compiler for better-sqlite3, OpenSSL's headers for SQLCipher, and PostgreSQL; with --browsers also Firefox and WebKitGTK for
// `pnpm compat --all`. Without apt-get or root rights it prints the missing programs and fails.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const browsers = [
  { command: 'firefox-esr', aptPackage: 'firefox-esr' },
  { command: 'WebKitWebDriver', aptPackage: 'webkit2gtk-driver' },
  { command: 'Xvfb', aptPackage: 'xvfb' },
];
const programs = [
  { command: 'sqlite3', aptPackage: 'sqlite3' },
  { command: 'jq', aptPackage: 'jq' },
  { command: 'bash', aptPackage: 'bash' },
  { command: 'chromium', aptPackage: 'chromium' },
  { command: 'zsh', aptPackage: 'zsh' },
  { command: 'fish', aptPackage: 'fish' },
  { command: 'pkill', aptPackage: 'procps' },
  { command: 'python3', aptPackage: 'python3' },
  { command: 'make', aptPackage: 'make' },
  { command: 'g++', aptPackage: 'g++' },
  ...(process.argv.includes('--browsers') ? browsers : []),
];

/** The server that `packages/sync` is tested with; Debian keeps its programs out of the path. */
const POSTGRESQL = { command: '/usr/lib/postgresql', aptPackage: 'postgresql' };

/** A header, without which SQLCipher cannot be compiled. */
const OPENSSL = { command: '/usr/include/openssl/evp.h', aptPackage: 'libssl-dev' };

const isInstalled = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

const missing = programs.filter(({ command }) => !isInstalled(command));
missing.push(...[OPENSSL, POSTGRESQL].filter(({ command }) => !existsSync(command)));
if (missing.length > 0) {
  const packages = missing.map(({ aptPackage }) => aptPackage);
  const asRoot = process.getuid?.() === 0 ? [] : isInstalled('sudo') ? ['sudo', '-n'] : undefined;
  if (!isInstalled('apt-get') || !asRoot) {
    console.error(`Please install these programs first: ${missing.map(({ command }) => command).join(', ')}`);
    process.exit(1);
  }
  console.error(`Installing ${packages.join(', ')}`);
  for (const argumentList of [
    ['apt-get', 'update', '-q'],
    ['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages],
  ]) {
    const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', ...argumentList];
    const { status } = spawnSync(command, rest, { stdio: ['ignore', 2, 2] });
    if (status !== 0) process.exit(status ?? 1);
  }
}
