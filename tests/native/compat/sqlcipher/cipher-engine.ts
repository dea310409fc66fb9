import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  exec,
  spawn,
  spawnSync,
} from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** Tests need no quick program, benchmarks do. */
type OptimisationLevel = '-O0' | '-O2';

const FOLDER = workspaceFolder();
const SHELL_SOURCE = path.join(FOLDER, 'compat/sqlcipher/shell.c');

/** Finds this workspace, whether this file is bundled or not. */
function workspaceFolder(): string {
  let folder = import.meta.dirname;
  while (!fs.existsSync(path.join(folder, 'pnpm-workspace.yaml'))) folder = path.dirname(folder);
  return folder;
}

interface EngineOptions {
  /** The folder of its `sqlite3.c`, in `node_modules`. */
  readonly source: string;
  readonly flags?: readonly string[];
  readonly libraries?: readonly string[];
  /** Statements that choose the format of SQLCipher 4. @default none */
  readonly format?: string;
}

/** A native SQLite that encrypts, as a shell over its source. */
class CipherEngine {
  readonly name: string;
  readonly #options: EngineOptions;

  constructor(name: string, options: EngineOptions) {
    this.name = name;
    this.#options = options;
  }

  /** Compiles the shell, once. */
  async build(level: OptimisationLevel = '-O0'): Promise<void> {
    const program = this.#program(level);
    if (fs.existsSync(program) && fs.statSync(program).mtimeMs > fs.statSync(SHELL_SOURCE).mtimeMs) return;
    fs.mkdirSync(path.dirname(program), { recursive: true });
    const source = path.join(FOLDER, 'node_modules', this.#options.source);
    const { flags = [], libraries = [] } = this.#options;
    const compiler = `gcc ${level} -w -D_GNU_SOURCE -include stdint.h -DSQLITE_TEMP_STORE=2 ${flags.join(' ')}`;
    const linked = `${libraries.join(' ')} -lm -lpthread -ldl`;
    await promisify(exec)(
      `${compiler} -I'${source}' -o '${program}' '${source}/sqlite3.c' '${SHELL_SOURCE}' ${linked}`,
    );
  }

  /** Runs statements. @returns the lines of their rows */
  run(file: string, key: Uint8Array | string, ...statements: string[]): string[] {
    const { stdout, status } = spawnSync(this.#program('-O0'), [file], {
      input: [this.#keyStatements(key), ...statements, ''].join('\n'),
      encoding: 'utf8',
    });
    const lines = stdout.split('\n').slice(0, -1);
    const failure = lines.find((line) => line.startsWith('error '));
    if (status !== 0 || failure !== undefined) {
      throw new Error(`${this.name}: ${failure ?? `exit ${status}`}`);
    }
    // The statements with the key answer too.
    return lines.slice(lines.indexOf('done')).filter((line) => line !== 'done');
  }

  /** Starts a process that has a database open. */
  async start(
    file: string,
    key: Uint8Array | string,
    level: OptimisationLevel = '-O0',
  ): Promise<CipherProcess> {
    const started = new CipherProcess(this.name, spawn(this.#program(level), [file]));
    await started.run(this.#keyStatements(key));
    return started;
  }

  /** Starts a process that runs a script. It prints its rows, and `done` after each line. */
  startScript(file: string, key: Uint8Array, script: string): ChildProcess {
    const child = spawn(this.#program('-O0'), [file]);
    child.stdin.end(`${this.#keyStatements(key)}\n${script}\n`);
    return child;
  }

  #program(level: OptimisationLevel): string {
    return path.join(FOLDER, 'dist', `${this.name}${level}`);
  }

  /** Writes a raw key, or a passphrase, as the pragma takes it. */
  #keyStatements(key: Uint8Array | string): string {
    const text = typeof key === 'string' ? key : `x'${Buffer.from(key).toString('hex')}'`;
    return `${this.#options.format ?? ''}PRAGMA key="${text}";`;
  }
}

/** A running shell. */
class CipherProcess {
  readonly #name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterableIterator<string>;

  constructor(name: string, child: ChildProcessWithoutNullStreams) {
    this.#name = name;
    this.#child = child;
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** Runs a statement until its end. @returns the lines of its rows */
  async run(statement: string): Promise<string[]> {
    this.#child.stdin.write(`${statement}\n`);
    for (const rows: string[] = []; ;) {
      const { value, done } = await this.#lines.next();
      if (done || value.startsWith('error ')) throw new Error(`${this.#name}: ${value}`);
      if (value === 'done') return rows;
      rows.push(value);
    }
  }

  /** Kills it with SIGKILL. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.stdin.end();
    await ended;
  }
}

/** Zetetic's community edition, as the package of its React Native and Node bindings ships it, with its own build's flags. */
export const SQLCIPHER: CipherEngine = new CipherEngine('sqlcipher', {
  source: '@journeyapps/sqlcipher/deps/sqlcipher-amalgamation',
  flags: [
    '-DSQLITE_HAS_CODEC',
    '-DSQLCIPHER_CRYPTO_OPENSSL',
    '-DSQLITE_EXTRA_INIT=sqlcipher_extra_init',
    '-DSQLITE_EXTRA_SHUTDOWN=sqlcipher_extra_shutdown',
  ],
  libraries: ['-lcrypto'],
});

/** SQLite3 Multiple Ciphers, from the source that its Node binding ships; the binding itself takes minutes to compile. */
export const MULTIPLE_CIPHERS: CipherEngine = new CipherEngine('multiple-ciphers', {
  source: 'better-sqlite3-multiple-ciphers/deps/sqlite3',
  format: "PRAGMA cipher='sqlcipher'; PRAGMA legacy=4; ",
});
