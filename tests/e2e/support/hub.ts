import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = path.resolve(import.meta.dirname, '../../../packages/cli/dist/ggen-sim.cjs');

/** A hub that the built command serves, in a process of its own, and a machine that synchronises over it. */
export class Hub {
  readonly token: string = randomBytes(32).toString('hex');
  /** File of the key with which the machine synchronises; undefined for none. */
  keyFile: string | undefined;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #port = 0;

  /** @param folder - for its files, which must exist */
  constructor(folder: string) {
    this.#folder = folder;
    writeFileSync(this.#path('tokens'), `push,pull ${this.token} the tests\n`, { mode: 0o600 });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Serves it, at the port of before. @param origin - the one whose pages it allows; none without this */
  async start(origin?: string): Promise<void> {
    const words = ['serve', this.#path('served.db'), '--create', '--hub', this.#path('hub.db')];
    words.push('--hub-tokens', this.#path('tokens'), '--port', String(this.#port));
    if (origin !== undefined) words.push('--allow-origin', origin);
    const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    let printed = '';
    for await (const line of createInterface({ input: child.stdout })) {
      printed += line;
      if (line === '}') break;
    }
    this.#port = Number(new URL((JSON.parse(printed) as { url: string }).url).port);
  }

  /** Kills it, without a chance to finish what it does. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Runs the command line on the machine's database, with the token. @returns its standard output */
  async machine(...words: string[]): Promise<string> {
    return this.machineWith('', ...words);
  }

  /** Does the same with a standard input, for what is too long for an argument. */
  async machineWith(input: string, ...words: string[]): Promise<string> {
    const env = { ...process.env, GGEN_SIM_SYNC_TOKEN: this.token };
    const options = ['--db', this.#path('machine.db')];
    if (words[0] === 'sync' && this.keyFile !== undefined) options.push('--sync-key-file', this.keyFile);
    const running = run(process.execPath, [PROGRAM, ...words, ...options], { env, maxBuffer: Infinity });
    running.child.stdin?.end(input);
    return (await running).stdout;
  }

  /** True where the files of the hub have a text. */
  holds(text: string): boolean {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith('hub.db'))
      .some((name) => readFileSync(this.#path(name), 'latin1').includes(text));
  }

  /** Synchronises the machine. @returns the memory of an agent that it has since */
  async memoryOfMachine(agent: string): Promise<string> {
    await this.machine('sync', 'run');
    const rows = JSON.parse(await this.machine('db', 'query-memory', '--agent-exact', agent)) as {
      readonly memory_json: string;
    }[];
    return rows[0]?.memory_json ?? '';
  }

  /** Makes the machine's database, which synchronises over the hub. */
  async addMachine(): Promise<void> {
    await this.machine('sync', 'init', this.url, '--create');
  }

  /** Synchronises the machine. @returns the execution ids that it has since */
  async executionsOfMachine(): Promise<string[]> {
    await this.machine('sync', 'run');
    const lines = (await this.machine('db', 'export', 'receipts', 'ndjson', '-')).split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { execution_id: string }).execution_id);
  }

  /** Saves a receipt on the machine, and sends it. */
  async sendReceipt(execution: string): Promise<void> {
    await this.machine('db', 'save-receipt', execution, 'machine', 'test', '{"made":"elsewhere"}');
    await this.machine('sync', 'run');
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }
}
