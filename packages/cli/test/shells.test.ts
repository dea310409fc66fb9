/** Completion scripts and shell functions, tested in the shells themselves. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { programPath } from './built-program.ts';
import { Sandbox, parseRows } from './run-cli.ts';

const sandbox = new Sandbox();
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await sandbox.run(['completion', shell]);
    writeFileSync(join(sandbox.directory, `completion.${shell}`), stdout);
  }
});

/** Typed words, and the completions of the last one. */
const offers: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ['sta', ['start', 'status']],
  ['db query-', ['query-receipts', 'query-memory', 'query-audit-trail']],
  ['run-agent ', ['validation', 'help']],
  ['db query-receipts % ', ['json', 'ndjson', 'csv', 'table']],
  ['db query-receipts --agent x --format c', ['csv']],
  ['db analytics % last-3', ['last-30-days']],
  ['db --db some.db reset --f', ['--force']],
  ['db log-audit agent op ', ['started', 'completed', 'failed', 'retry']],
  ['db save-receipt e a t {} ', ['success', 'error', 'partial']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['db stats --fo', ['--format']],
];

describe('completion for bash', () => {
  it.each(offers)('%s', async (typed, offered) => {
    const words = ['ggen-sim', ...typed.split(' ')];
    const script = `source completion.bash
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
      set -u; _ggen_sim; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await sandbox.spawn('bash', ['-c', script]);
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n').toSorted()).toEqual(offered.toSorted());
  });

  it('splits --option=value as readline does, and evaluates nothing that was typed', async () => {
    const script = `source completion.bash
      COMP_WORDS=(ggen-sim db query-receipts '$(touch pwned)' --format = nd); COMP_CWORD=6; _ggen_sim; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(ggen-sim db query-receipts --format '='); COMP_CWORD=4; _ggen_sim; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(ggen-sim '$(touch pwned)'); COMP_CWORD=1; _ggen_sim; echo "\${#COMPREPLY[@]}"
      ls`;
    const { stdout } = await sandbox.spawn('bash', ['-c', script]);
    expect(stdout.split('\n').slice(0, 3)).toEqual(['ndjson', 'json ndjson csv table', '0']);
    expect(stdout).not.toContain('pwned');
  });

  it('works at the prompt', () => {
    expect(
      atPrompt(['bash', '--norc', '-i'], ['source completion.bash'], 'ggen-sim db get-rec\t%\n'),
    ).toContain('<db get-receipt %>');
  });
});

describe.skipIf(!has('zsh') /* zsh is not part of every system */)('completion for zsh', () => {
  it.each([
    ['ggen-sim db get-rec\t%\n', '<db get-receipt %>'],
    ['ggen-sim db query-receipts % nd\t9\n', '<db query-receipts % ndjson 9>'],
    ['ggen-sim db stats --format=ta\t--verbose\n', '<db stats --format=table --verbose>'],
    ['ggen-sim db reset --fo\t\n', '<db reset --force'],
    ['ggen-sim db stats --db completion.z\t\n', '<db stats --db completion.zsh'],
  ])('%j', (keys, expected) => {
    const prepare = ['autoload -Uz compinit', 'compinit -u -D', 'source completion.zsh'];
    expect(atPrompt(['zsh', '-f', '-i'], prepare, keys)).toContain(expected);
  });
});

describe.skipIf(!has('fish') /* fish is not part of every system */)('completion for fish', () => {
  it.each(offers)('%s', async (typed, offered) => {
    const script = `source completion.fish; complete -C 'ggen-sim ${typed}'`;
    const { stdout, stderr } = await sandbox.spawn('fish', ['--no-config', '-c', script]);
    expect(stderr).toBe('');
    const words = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0] ?? '');
    expect(words.toSorted()).toEqual(offered.toSorted());
  });

  it('offers files for paths', async () => {
    const script = `source completion.fish; complete -C 'ggen-sim run-agent validation --spec completion.f'`;
    expect((await sandbox.spawn('fish', ['--no-config', '-c', script])).stdout).toContain('completion.fish');
  });
});

/** Types keys into an interactive shell on a real terminal, in which `ggen-sim` echoes its arguments. */
function atPrompt(shell: readonly string[], prepare: readonly string[], keys: string): string {
  const python = [
    'import os,pty,select,sys,time',
    'pid, fd = pty.fork()',
    'if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])',
    'def until(mark, seconds=20):',
    '  data, end = b"", time.time() + seconds',
    '  while mark not in data and time.time() < end:',
    '    if select.select([fd], [], [], 0.1)[0]: data += os.read(fd, 65536)',
    '  return data',
    'os.write(fd, b"PS1=; PROMPT=; ggen-sim() { echo \\"<$*>\\"; }\\n")',
    ...prepare.map((line) => `os.write(fd, b"${line}\\n")`),
    'os.write(fd, b"echo rea\'dy\'\\n")',
    'until(b"ready")',
    'time.sleep(0.3)',
    'os.write(fd, sys.argv[1].encode())',
    'sys.stdout.buffer.write(until(b">\\r\\n") + until(b">\\r\\n", 0.2))',
    'os.write(fd, b"exit\\n")',
  ].join('\n');
  const environment = { ...process.env, TERM: 'dumb', HOME: sandbox.directory };
  const { stdout } = spawnSync('python3', ['-c', python, keys, ...shell], {
    cwd: sandbox.directory,
    env: environment,
  });
  return stdout.toString('utf8');
}

// zsh is not part of every system.
describe.each(['bash', 'zsh'].filter(has))('shell-init %s', (shell) => {
  const own = new Sandbox();
  const script = async (
    text: string,
    environment: Record<string, string> = {},
  ): ReturnType<Sandbox['shell']> =>
    own.shell(`set -euo pipefail\n${functions}\n${text}`, { shell, environment });
  let functions = '';
  beforeAll(async () => {
    functions = (await own.run(['shell-init', shell])).stdout;
  });

  it('is evaluated by the shell', async () => {
    const { exitCode, stdout } = await own.shell(
      `eval "$(ggen-sim shell-init ${shell})"\ndb_query_receipts`,
      {
        shell,
      },
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  it('returns only 0 or 1', async () => {
    const { stdout } = await script(`
      code() { if "$@" > /dev/null 2>&1; then echo 0; else echo $?; fi; }
      code db_save_receipt e a t '{}'
      code db_save_receipt e a t '{}'
      code db_save_receipt e2 a t '{'
      code db_save_receipt
      code db_save_receipt e3 a t '{}' unknown
      code db_query_receipts % xml
      code db_get_receipt nothing
      code db_analytics % last-year
      code db_query_receipts`);
    expect(stdout.trim().split('\n')).toEqual(['0', '1', '1', '1', '1', '1', '1', '1', '0']);
  });

  it('takes large JSON and prints the reason of a failure', async () => {
    const { exitCode, stdout, stderr } = await script(`
      large=$(printf '"%0500000d"' 7)
      db_save_memory large validation "$large" > /dev/null
      test "$(db_get_memory large)" = "$large" && echo same
      db_get_memory unknown || echo failed`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'same\nfailed\n' });
    expect(stderr).toBe('error[NOT_FOUND]: There is no memory of agent "unknown".\n');
  });

  it('reads the location variables at each call, exported or not', async () => {
    const { stdout } = await script(`
      DB_PATH=$PWD/here.db; db_save_memory a b 1 > /dev/null
      DB_PATH=; SCRIPT_DIR=$PWD/elsewhere; db_init; db_query_memory
      DB_PATH=$PWD/here.db; db_get_memory a`);
    expect(stdout).toBe('[]\n1\n');
  });

  it('leaves options and variables of the caller unchanged', async () => {
    const { stdout } = await script(
      `before=$-; db_stats > /dev/null; test "$before" = "$-" && echo unchanged`,
    );
    expect(stdout).toBe('unchanged\n');
  });
});

it('works when the path of the program has spaces and quotes', async () => {
  const { exitCode, stdout } = await sandbox.shell(`
    mkdir "it's here" && ln -s '${programPath}' "it's here/ggen-sim"
    eval "$("./it's here/ggen-sim" shell-init bash)"
    db_save_memory a b '[]' > /dev/null
    db_query_memory`);
  expect(exitCode).toBe(0);
  expect(parseRows(stdout)).toHaveLength(1);
});
