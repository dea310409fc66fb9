/** Child processes of tests. Their scripts are TypeScript, which Node 20 does not run, so they are bundled first. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'tsdown';
import { oxigraphAssets } from '../../scripts/build/oxigraph-assets.ts';

/** The package from which children resolve sql.js and the native locks, which are not bundled. */
const VFS_PACKAGE = path.resolve(import.meta.dirname, '../../packages/sqljs-vfs');

/** The result of a child process. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of running a child. */
export interface ChildOptions {
  /** Id of the user and group that run the child. */
  readonly userId?: number | undefined;
  /** The working directory. */
  readonly folder?: string;
  /** Shell commands that run before the child replaces the shell, such as `ulimit`. */
  readonly before?: string;
}

/** Turns off the optimisation of SQLite's WebAssembly: it would take half of a short-lived child's processor time. */
const WITHOUT_OPTIMISING = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/** Bundled scripts, ready to run as processes. */
export class Children {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Bundles scripts.
   * @param source - a folder in which every file is a script, or the paths of the scripts
   */
  static async bundle(source: string | readonly string[]): Promise<Children> {
    const scripts =
      typeof source === 'string' ? fs.readdirSync(source).map((file) => path.join(source, file)) : source;
    const parent = path.join(VFS_PACKAGE, 'node_modules', '.children');
    fs.mkdirSync(parent, { recursive: true });
    const outDir = fs.mkdtempSync(path.join(parent, 'run-'));
    fs.chmodSync(outDir, 0o755);
    await build({
      config: false,
      cwd: VFS_PACKAGE,
      logLevel: 'error',
      // Named, so that scripts of several folders lie in one.
      entry: Object.fromEntries(scripts.map((script) => [path.basename(script, '.ts'), script])),
      outDir,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      fixedExtension: false,
      clean: false,
      dts: false,
      plugins: [oxigraphAssets()],
      deps: { neverBundle: [/^sql\.js/, 'fs-native-extensions'], alwaysBundle: /.*/u, onlyBundle: false },
    });
    return new Children(outDir);
  }

  remove(): void {
    fs.rmSync(this.#folder, { recursive: true });
  }

  /** Returns the path of a bundled script. */
  script(name: string): string {
    return path.join(this.#folder, `${name}.js`);
  }

  /** Runs a script and waits for its end. @param name - its file name without `.ts` */
  run(
    name: string,
    args: readonly string[] = [],
    { userId, before = '', folder = this.#folder }: ChildOptions = {},
  ): Promise<ChildEnd> {
    const child = spawn(
      'sh',
      [
        '-c',
        `${before}\nexec "$0" "$@"`,
        process.execPath,
        ...WITHOUT_OPTIMISING,
        this.script(name),
        ...args,
      ],
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

  /** Runs a script that prints JSON, and returns the value. @throws Error when the script fails */
  async ask<T>(name: string, args: readonly string[] = [], options: ChildOptions = {}): Promise<T> {
    const end = await this.run(name, args, options);
    if (end.exitCode !== 0)
      throw new Error(`${name} ended with ${end.exitCode ?? end.signal}: ${end.stderr}`);
    return JSON.parse(end.stdout) as T;
  }

  /**
   * Runs a script that prints a line for each thing it has done, and kills it after so many.
   * @returns its whole lines
   * @throws Error when the script ends by itself
   */
  killAfterLines(name: string, args: readonly string[], lineCount: number): Promise<string[]> {
    const child = spawn(process.execPath, [this.script(name), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += String(data);
      if (output.split('\n').length > lineCount) child.kill('SIGKILL');
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode, signal) => {
        if (signal === 'SIGKILL') resolve(output.split('\n').slice(0, -1));
        else reject(new Error(`${name} ended with ${exitCode} after ${output.length} bytes`));
      });
    });
  }
}
