import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const FOLDER = path.join(import.meta.dirname, '../..');
/** The source of Zetetic's community edition, as the package of its React Native and Node bindings ships it. */
const SOURCE = path.join(FOLDER, 'node_modules/@journeyapps/sqlcipher/deps');
const SHELL_SOURCE = path.join(import.meta.dirname, 'shell.c');
const PROGRAM = path.join(FOLDER, 'dist/sqlcipher');

/** As SQLCipher's own build sets them. */
const FLAGS = [
  '-D_GNU_SOURCE',
  '-include',
  'stdint.h',
  '-DSQLITE_HAS_CODEC',
  '-DSQLCIPHER_CRYPTO_OPENSSL',
  '-DSQLITE_TEMP_STORE=2',
  '-DSQLITE_EXTRA_INIT=sqlcipher_extra_init',
  '-DSQLITE_EXTRA_SHUTDOWN=sqlcipher_extra_shutdown',
];

/** Compiles the shell over SQLCipher, once. */
export function buildSqlCipher(): void {
  const isCurrent =
    fs.existsSync(PROGRAM) && fs.statSync(PROGRAM).mtimeMs > fs.statSync(SHELL_SOURCE).mtimeMs;
  if (isCurrent) return;
  const amalgamation = path.join(SOURCE, 'sqlcipher-amalgamation');
  fs.mkdirSync(path.dirname(PROGRAM), { recursive: true });
  const built = spawnSync(
    'gcc',
    [
      '-O0',
      '-w',
      ...FLAGS,
      `-I${amalgamation}`,
      '-o',
      PROGRAM,
      path.join(amalgamation, 'sqlite3.c'),
      SHELL_SOURCE,
      '-lcrypto',
      '-lm',
      '-lpthread',
      '-ldl',
    ],
    { encoding: 'utf8' },
  );
  if (built.status !== 0) throw new Error(`SQLCipher does not compile: ${built.stderr}`);
}

/** Writes a raw key, or a passphrase, as SQLCipher's pragma takes it. */
function keyPragma(key: Uint8Array | string): string {
  const text = typeof key === 'string' ? key : `x'${Buffer.from(key).toString('hex')}'`;
  return `PRAGMA key="${text}";`;
}

/** Runs statements in SQLCipher. @returns the lines of their rows */
export function sqlCipher(file: string, key: Uint8Array | string, ...statements: string[]): string[] {
  const { stdout, status } = spawnSync(PROGRAM, [file], {
    input: [keyPragma(key), ...statements, ''].join('\n'),
    encoding: 'utf8',
  });
  const lines = stdout.split('\n').slice(0, -1);
  const failure = lines.find((line) => line.startsWith('error '));
  if (status !== 0 || failure !== undefined) throw new Error(`SQLCipher: ${failure ?? `exit ${status}`}`);
  // The pragma with the key answers "ok".
  return lines.slice(1).filter((line) => line !== 'done');
}

/** A running SQLCipher. */
export class SqlCipherProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterableIterator<string>;

  constructor(file: string) {
    this.#child = spawn(PROGRAM, [file]);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Opens the database. */
  async key(key: Uint8Array | string): Promise<void> {
    await this.run(keyPragma(key));
  }

  /** Runs a statement until its end. */
  async run(statement: string): Promise<void> {
    this.#child.stdin.write(`${statement}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done || value.startsWith('error ')) throw new Error(`SQLCipher: ${value}`);
      if (value === 'done') return;
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
