// Installs the programs that the tests use beside Node: the native SQLite shell, jq, the shells with completions, a
// compiler for better-sqlite3, OpenSSL's headers for SQLCipher, Chromium, PostgreSQL, and a server of NATS; with --browsers also Firefox and
// WebKitGTK for `pnpm compat --all`. Without apt-get or root rights it prints the missing programs and fails.
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

/** Debian keeps it where only the administrator looks for programs. */
const NATS = { command: '/usr/sbin/nats-server', aptPackage: 'nats-server' };

/** A header, without which SQLCipher cannot be compiled. */
const OPENSSL = { command: '/usr/include/openssl/evp.h', aptPackage: 'libssl-dev' };

/**
 * Chromium without windows, in which the tests of pages take half the processor time. Where a distribution does not have it,
 * they run in Chromium itself.
 */
const HEADLESS_SHELL = { command: 'chromium-headless-shell', aptPackage: 'chromium-headless-shell' };

const isInstalled = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const asRoot = process.getuid?.() === 0 ? [] : isInstalled('sudo') ? ['sudo', '-n'] : undefined;
const canInstall = isInstalled('apt-get') && asRoot !== undefined;

/** @returns true when apt-get has done all it was asked for */
function aptGet(...argumentList) {
  const [command, ...rest] = [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-y',
    '-q',
    ...argumentList,
  ];
  return spawnSync(command, rest, { stdio: ['ignore', 2, 2] }).status === 0;
}

const missing = programs.filter(({ command }) => !isInstalled(command));
missing.push(...[OPENSSL, POSTGRESQL, NATS].filter(({ command }) => !existsSync(command)));
const wantsShell = canInstall && !isInstalled(HEADLESS_SHELL.command);
if (missing.length > 0 && !canInstall) {
  console.error(`Please install these programs first: ${missing.map(({ command }) => command).join(', ')}`);
  process.exit(1);
}
if (missing.length > 0 || wantsShell) {
  const packages = missing.map(({ aptPackage }) => aptPackage);
  console.error(`Installing ${[...packages, ...(wantsShell ? [HEADLESS_SHELL.aptPackage] : [])].join(', ')}`);
  const isUpdated = aptGet('update');
  if (missing.length > 0 && !(isUpdated && aptGet('install', '--no-install-recommends', ...packages)))
    process.exit(1);
  if (wantsShell && !aptGet('install', '--no-install-recommends', HEADLESS_SHELL.aptPackage)) {
    console.error('There is no chromium-headless-shell here; the tests take chromium.');
  }
}
