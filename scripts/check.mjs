// Runs every check, two parts at a time: they wait for browsers, disks and processes.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Scripts of package.json. The first failure ends everything. */
const BEFORE = ['format:check', 'lint', 'types', 'audit:shipped', 'build'];
/** Compiles better-sqlite3 the first time. Two parts need it, and must not install it at once. */
const BESIDE_BEFORE = ['native:install'];
/** Longest first. The next one begins when one ends, so that both processors work until the end. */
const PARTS = [
  'unit',
  'browser',
  'e2e:built',
  'compat:native',
  'bench:smoke',
  'release:check',
  'native:types',
];
// Three keep two processors no busier, and each test waits longer.
const PARTS_AT_ONCE = 2;

const durations = [];
const running = new Set();

/** Runs one script, with its name before each line of its output. @returns once it has ended with exit code 0 */
function run(script) {
  const startedAt = performance.now();
  // A process group of its own, so that a failure in the other lane ends all of it.
  const child = spawn('pnpm', ['--silent', 'run', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => console.log(`${script} | ${line}`));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      running.delete(child);
      durations.push({ script, seconds: Math.round((performance.now() - startedAt) / 1000) });
      if (exitCode === 0) resolve();
      else reject(new Error(`${script} ended with ${signal ?? exitCode}`));
    });
  });
}

/** Runs the scripts that are left in a list, which others may take from as well. */
async function runInOrder(scripts) {
  for (let script = scripts.shift(); script !== undefined; script = scripts.shift()) await run(script);
}

function stopAll() {
  for (const { pid } of running) process.kill(-pid, 'SIGTERM');
}

process.on('SIGINT', () => {
  stopAll();
  process.exit(130);
});

const startedAt = performance.now();
try {
  await Promise.all([BEFORE, BESIDE_BEFORE].map(runInOrder));
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, () => runInOrder(PARTS)));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
  stopAll();
}
for (const { script, seconds } of durations) console.log(`${String(seconds).padStart(5)} s  ${script}`);
console.log(`${String(Math.round((performance.now() - startedAt) / 1000)).padStart(5)} s  in all`);
