/** Children of tests, in TypeScript: Node 20 runs none, so they are bundled first. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { build } from 'vite';

const PACKAGE = path.resolve(import.meta.dirname, '..');
const SOURCES = path.join(import.meta.dirname, 'children');

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

/** The scripts of `children/`, ready to run. Inside the package, so that they find its dependencies. */
export class Children {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async bundle(): Promise<Children> {
    const parent = path.join(PACKAGE, 'node_modules', '.children');
    fs.mkdirSync(parent, { recursive: true });
    const outDir = fs.mkdtempSync(path.join(parent, 'run-'));
    fs.chmodSync(outDir, 0o755);
    const input = fs.readdirSync(SOURCES).map((file) => path.join(SOURCES, file));
    await build({
      configFile: false,
      logLevel: 'error',
      root: PACKAGE,
      // The package itself, by its name, as its users know it.
      ssr: { noExternal: [/^@ggen-sim\//] },
      build: { ssr: true, target: 'node20', outDir, emptyOutDir: false, rolldownOptions: { input } },
    });
    return new Children(outDir);
  }

  remove(): void {
    fs.rmSync(this.#folder, { recursive: true });
  }

  /** Runs `children/<name>.ts` to its end. */
  run(
    name: string,
    args: readonly string[] = [],
    { userId, before = '', folder = this.#folder }: ChildOptions = {},
  ): Promise<ChildEnd> {
    const script = path.join(this.#folder, `${name}.js`);
    const child = spawn('sh', ['-c', `${before}\nexec "$0" "$@"`, process.execPath, script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: folder,
      ...(userId === undefined ? {} : { uid: userId, gid: userId }),
    });
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
