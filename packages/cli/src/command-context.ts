/** What a command works with: the streams, the places, and the database, which is loaded when it is first asked for. */
import type { LongOperationOptions, Persistence } from '@ggen-sim/core';
import { Interruption } from './interruption.ts';
import { databasePath, type LocationSources } from './locations.ts';
import { DataOutput } from './output/data-output.ts';
import { printable } from './output/printable.ts';
import { ProgressBar } from './output/progress-bar.ts';
import type { ExpectedWork } from './wasm-compilation.ts';

/** The terminal behind standard output. */
export interface Terminal {
  /** Columns; `undefined` where output goes to a file or a pipe and nothing needs to fit. */
  readonly widthColumns: number | undefined;
  readonly hasColors: boolean;
}

/** What a command works with. */
export class CommandContext {
  readonly stdout: DataOutput = new DataOutput(process.stdout);
  readonly interruption: Interruption = new Interruption();
  readonly locations: LocationSources;
  readonly #progressBar = process.stderr.isTTY ? new ProgressBar(process.stderr) : undefined;

  constructor(dbFlag: string | undefined) {
    this.locations = { dbFlag, environment: process.env, currentDirectory: process.cwd() };
  }

  /** Where the database is or will be. */
  get databasePath(): string {
    return databasePath(this.locations);
  }

  get terminal(): Terminal {
    const { stdout } = process;
    return {
      widthColumns: stdout.isTTY ? stdout.columns : undefined,
      hasColors: stdout.isTTY && stdout.hasColors(),
    };
  }

  /** Opens the user's database, making it where there is none. */
  async openDatabase(expectedWork?: ExpectedWork): Promise<Persistence> {
    return openDatabaseFile(this.databasePath, { expectedWork });
  }

  /** Says something to the person, in one line on stderr. */
  notice(text: string): void {
    process.stderr.write(`${printable(text)}\n`);
  }

  /** Progress and Ctrl-C for work that may take long. */
  longOperation(): LongOperationOptions {
    const signal = this.interruption.stoppable();
    return this.#progressBar === undefined ? { signal } : { signal, onProgress: this.#progressBar.update };
  }

  /** Leaves the terminal as it was. */
  end(): void {
    this.#progressBar?.end();
  }
}

/** How a database file is opened. */
export interface OpenDatabaseFileOptions {
  /** @default 'unknown' */
  readonly expectedWork?: ExpectedWork | undefined;
  /** The time written into the tables, if not the system's. */
  readonly clock?: () => Date;
}

/** Loads the database code and opens a file with it. */
export async function openDatabaseFile(
  path: string,
  { expectedWork = 'unknown', clock }: OpenDatabaseFileOptions = {},
): Promise<Persistence> {
  const { chooseWasmCompiler } = await import('./wasm-compilation.ts');
  chooseWasmCompiler(expectedWork);
  const { openPersistence } = await import('@ggen-sim/core');
  return openPersistence({ storage: 'file', path, ...(clock && { clock }) });
}
