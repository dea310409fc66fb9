/** Children of tests, in TypeScript: Node 20 runs none, so they are bundled first. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'tsdown';

const PACKAGE = path.resolve(import.meta.dirname, '../..');
const VFS_PACKAGE = fs.realpathSync(path.join(PACKAGE, 'node_modules', '@ggen-sim', 'sqljs-vfs'));
const SOURCES = path.join(import.meta.dirname, '../children');

/** How a child ended. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a child. */
export interface ChildOptions {
  /** Run as this user and group. */
  readonly userId?: number | undefined;
  /** The working directory. */
  readonly folder?: string;
  /** Shell commands before the child takes the shell's place, such as `ulimit`. */
  readonly before?: string;
}

/** Children live for a moment: optimising SQLite's WebAssembly would take half of all the time they need. */
const BRIEF = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

function everyChild(): string[] {
  return fs.readdirSync(SOURCES).map((file) => path.join(SOURCES, file));
}

/** The scripts of `children/`, ready to run: in the folder from which sql.js and the native locks are found. */
export class Children {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param scripts - the scripts' paths; those of `children/` if not given */
  static async bundle(scripts: readonly string[] = everyChild()): Promise<Children> {
    const parent = path.join(VFS_PACKAGE, 'node_modules', '.children');
    fs.mkdirSync(parent, { recursive: true });
    const outDir = fs.mkdtempSync(path.join(parent, 'run-'));
    fs.chmodSync(outDir, 0o755);
    await build({
      config: false,
      cwd: PACKAGE,
      logLevel: 'error',
      entry: [...scripts],
      outDir,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      fixedExtension: false,
      clean: false,
      dts: false,
      deps: { neverBundle: ['sql.js', 'fs-native-extensions'], alwaysBundle: /.*/u, onlyBundle: false },
    });
    return new Children(outDir);
  }

  remove(): void {
    fs.rmSync(this.#folder, { recursive: true });
  }

  /** The bundled script of a child. */
  script(name: string): string {
    return path.join(this.#folder, `${name}.js`);
  }

  /** Runs `children/<name>.ts` to its end. */
  run(
    name: string,
    args: readonly string[] = [],
    { userId, before = '', folder = this.#folder }: ChildOptions = {},
  ): Promise<ChildEnd> {
    const child = spawn(
      'sh',
      ['-c', `${before}\nexec "$0" "$@"`, process.execPath, ...BRIEF, this.script(name), ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: folder,
        ...(userId === undefined ? {} : { uid: userId, gid: userId }),
      },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
    child.stderr.on('data', (data: Buffer) => (stderr += String(data)));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    });
  }

  /** Runs a child that answers with JSON. */
  async ask<Answer>(name: string, args: readonly string[] = [], options: ChildOptions = {}): Promise<Answer> {
    const end = await this.run(name, args, options);
    if (end.exitCode !== 0)
      throw new Error(`${name} ended with ${end.exitCode ?? end.signal}: ${end.stderr}`);
    return JSON.parse(end.stdout) as Answer;
  }
}
