/** Services of a running command: streams, paths, interruption, and the database, which is loaded on first use. */
import { existsSync, statSync } from 'node:fs';
import type { LongOperationOptions, Persistence, RestoreOptions, RestoreReport } from '@ggen-sim/core';
import type { Caller, Terminal } from './caller.ts';
import { Interruption } from './interruption.ts';
import type { Key, KeySources } from './encryption-key.ts';
import { CommandFailure, hasCode, UsageError } from './failures.ts';
import { databasePath, type LocationSources } from './locations.ts';
import { DataOutput } from './output/data-output.ts';
import { printable } from './output/printable.ts';
import { refuseOutputIntoDatabase } from './output/redirected-output.ts';
import { ProgressBar } from './output/progress-bar.ts';
import { refuseUndecodablePaths } from './text-encoding.ts';
import type { ExpectedWork } from './wasm-compilation.ts';

/** Services of a running command. */
export class CommandContext {
  readonly stdout: DataOutput;
  readonly interruption: Interruption = new Interruption();
  #locations: LocationSources;
  readonly #progressBar: ProgressBar | undefined;
  readonly #caller: Caller;

  readonly #createsDatabase: boolean;
  readonly #keySources: KeySources;
  #key: Key | undefined;

  /**
   * @param createsDatabase - false when a database that does not exist is refused
   * @param keyOptions - options that give the key of an encrypted database
   * @param caller - the process that the command runs for
   * @throws {UsageError} when a path that Node has decoded is not UTF-8
   */
  constructor(
    dbOption: string | undefined,
    createsDatabase: boolean,
    keyOptions: Omit<KeySources, 'environment'>,
    caller: Caller,
  ) {
    const { environment } = caller;
    this.#caller = caller;
    this.stdout = new DataOutput(caller.stdout);
    this.#createsDatabase = createsDatabase;
    this.#keySources = { ...keyOptions, environment };
    if (caller.openServed === undefined) {
      refuseUndecodablePaths(environment);
      if (process.stderr.isTTY) this.#progressBar = new ProgressBar(process.stderr);
    }
    this.#locations = { dbOption, environment, currentDirectory: caller.currentDirectory() };
  }

  /** Options that give the key of an encrypted database. */
  get keyOptions(): Omit<KeySources, 'environment'> {
    return this.#keySources;
  }

  /** True when an option or the variable gives a key. It is not read. */
  get isKeyGiven(): boolean {
    const { keyFile, keyCommand, environment } = this.#keySources;
    return Boolean(keyFile || keyCommand) || environment['GGEN_SIM_KEY'] !== undefined;
  }

  get locations(): LocationSources {
    return this.#locations;
  }

  /**
   * Uses the database file that is given as an argument, in place of `--db`.
   * @throws {UsageError} when both are given
   */
  useDatabase(file: string | undefined): void {
    if (file === undefined) return;
    if (this.#locations.dbOption)
      throw new UsageError('The database is given twice, as FILE and as --db', 'Give it once');
    this.#locations = { ...this.#locations, dbOption: file };
  }

  /** Path of the database file, which need not exist yet. */
  get databasePath(): string {
    return databasePath(this.locations);
  }

  get terminal(): Terminal {
    return this.#caller.terminal();
  }

  /**
   * Opens the user's database.
   * @param options.changeLog - false to create it without a change log
   * @param options.create - false to refuse a missing one, although the command creates it otherwise
   * @param options.drain - false to leave what hooks have recorded where it is
   * @throws {CommandFailure} NOT_FOUND if it does not exist and the command does not create it; INVALID_ARGUMENT if an
   * output is redirected into it
   * @throws {UsageError} when a source of the key holds none
   */
  async openDatabase(
    expectedWork?: ExpectedWork,
    {
      changeLog = true,
      create = this.#createsDatabase,
      drain = true,
    }: { readonly changeLog?: boolean; readonly create?: boolean; readonly drain?: boolean } = {},
  ): Promise<Persistence> {
    const served = this.#caller.openServed?.(this.databasePath, this.isKeyGiven);
    if (served !== undefined) {
      await this.#drainHooks(served);
      return served;
    }
    refuseOutputIntoDatabase(this.databasePath);
    try {
      const database = await this.#withKey((key) =>
        openDatabaseFile(this.databasePath, { expectedWork, create, changeLog, key }),
      );
      if (drain) await this.#drainHooks(database);
      return database;
    } catch (error) {
      throw hasCode(error, 'NOT_FOUND') ? await this.missingDatabase(error) : error;
    }
  }

  /**
   * Opens a database of another program, and changes nothing of it.
   * @throws {CommandFailure} INVALID_ARGUMENT if an output is redirected into it
   */
  async openReadOnly(): Promise<Persistence> {
    refuseOutputIntoDatabase(this.databasePath);
    const { chooseWasmCompiler } = await import('./wasm-compilation.ts');
    chooseWasmCompiler('unknown');
    const { openPersistence } = await import('@ggen-sim/core');
    return openPersistence({ storage: 'file', path: this.databasePath, readOnly: true });
  }

  /**
   * Opens the user's database for a dry run, which must not create it. In place of one that does not exist, or is an empty
   * file, an empty one in memory is opened.
   * @throws {CommandFailure} INVALID_ARGUMENT if an output is redirected into it
   * @throws {UsageError} when a source of the key holds none
   */
  async openForDryRun(): Promise<Persistence> {
    if (holdsSomething(this.databasePath))
      return this.openDatabase('unknown', { create: false, drain: false });
    refuseOutputIntoDatabase(this.databasePath);
    // The run that is tried would be refused without it.
    await this.readKey(false);
    const { chooseWasmCompiler } = await import('./wasm-compilation.ts');
    chooseWasmCompiler('unknown');
    const { openPersistence } = await import('@ggen-sim/core');
    return openPersistence({ storage: 'memory' });
  }

  /**
   * Restores a backup to the user's database. One that does not exist yet, or is an empty file, appears complete or stays
   * as it is.
   * @throws {CommandFailure} INVALID_ARGUMENT if an output is redirected into it
   */
  async restoreDatabase(options: RestoreOptions): Promise<RestoreReport> {
    if (options.dryRun === true) {
      await using database = await this.openForDryRun();
      return await database.restoreBackup(options);
    }
    if (holdsSomething(this.databasePath)) {
      await using database = await this.openDatabase();
      return await database.restoreBackup(options);
    }
    refuseOutputIntoDatabase(this.databasePath);
    const { chooseWasmCompiler } = await import('./wasm-compilation.ts');
    chooseWasmCompiler('unknown');
    const { restoreToNewFile } = await import('@ggen-sim/core');
    return this.#withKey((key) =>
      restoreToNewFile({ storage: 'file', path: this.databasePath, ...(key && { key }) }, options),
    );
  }

  /**
   * Reads the key, if one is given, or asks for a new passphrase. Opening does so too; before it, a command calls this so
   * that without a key nothing is done.
   * @param encrypt - true to ask for a passphrase when no key is given
   * @throws {UsageError} when a source of the key holds none
   */
  async readKey(encrypt: boolean): Promise<void> {
    if (this.#key === undefined && this.isKeyGiven) {
      const { readKey } = await import('./encryption-key.ts');
      this.#key = await readKey(this.#keySources, (text) => this.printNotice(text));
    }
    if (encrypt) this.#key ??= await this.#newPassphrase();
  }

  /**
   * Returns the key that is given, or asks for a passphrase.
   * @param which - `present`: that of the database; `new`: one that it gets
   * @throws {CommandFailure} NOT_FOUND when there is no database
   * @throws {UsageError} when none is given and there is no terminal
   */
  async requireKey(which: 'present' | 'new'): Promise<Key> {
    if (!holdsSomething(this.databasePath)) throw await this.missingDatabase();
    await this.readKey(false);
    return (this.#key ??= await this.#askForKey(which, '--key-file or --key-command, or in GGEN_SIM_KEY'));
  }

  /** Returns the key that a database gets which has one already. Its sources have names of their own. */
  async requireNewKey(sources: Omit<KeySources, 'environment'>): Promise<Key> {
    const { NEW_KEY_NAMES, readKey } = await import('./encryption-key.ts');
    const warn = (text: string): void => this.printNotice(text);
    const given = await readKey({ ...sources, environment: process.env }, warn, NEW_KEY_NAMES);
    return given ?? this.#askForKey('new', '--new-key-file or --new-key-command, or in GGEN_SIM_NEW_KEY');
  }

  async #askForKey(which: 'present' | 'new', otherWays: string): Promise<Key> {
    const { askNewPassphrase, askPassphrase, canAsk } = await import('./passphrase-prompt.ts');
    if (canAsk()) return (which === 'new' ? askNewPassphrase : askPassphrase)(this.databasePath);
    const wanted = which === 'new' ? 'new key' : 'key';
    throw new UsageError(
      `The ${wanted} of ${this.databasePath} is not given, and there is no terminal to ask for a passphrase`,
      `Give it with ${otherWays}`,
    );
  }

  /**
   * Encrypts, decrypts or encrypts anew the user's database.
   * @throws {CommandFailure} INVALID_ARGUMENT if an output is redirected into it
   */
  async changeKey(key: Key | undefined, newKey: Key | undefined): Promise<void> {
    refuseOutputIntoDatabase(this.databasePath);
    const { chooseWasmCompiler } = await import('./wasm-compilation.ts');
    chooseWasmCompiler('unknown');
    const { changeKey } = await import('@ggen-sim/core');
    await changeKey(
      { storage: 'file', path: this.databasePath, ...(key !== undefined && { key }) },
      { newKey, ...this.longOperation() },
    );
    this.removeProgressBar();
  }

  /** Gives work the key of the database. When it needs one and none is given, the user is asked on a terminal. */
  async #withKey<T>(work: (key: Key | undefined) => Promise<T>): Promise<T> {
    await this.readKey(false);
    try {
      return await work(this.#key);
    } catch (error) {
      if (!hasCode(error, 'KEY_REQUIRED')) throw error;
      const { askPassphrase, canAsk } = await import('./passphrase-prompt.ts');
      if (!canAsk()) throw error;
      this.#key = await askPassphrase(this.databasePath);
      return work(this.#key);
    }
  }

  /** Asks for the passphrase of a database that may not exist yet. */
  async #newPassphrase(): Promise<Key> {
    const { askNewPassphrase, askPassphrase, canAsk } = await import('./passphrase-prompt.ts');
    if (!canAsk()) {
      throw new UsageError(
        '--encrypt needs a key, and there is no terminal to ask for a passphrase',
        'Give it with --key-file or --key-command, or in GGEN_SIM_KEY',
      );
    }
    return holdsSomething(this.databasePath)
      ? askPassphrase(this.databasePath)
      : askNewPassphrase(this.databasePath);
  }

  /** Stores what hooks have recorded. A command does not fail because of it: the events stay in their file. */
  async #drainHooks(database: Persistence): Promise<void> {
    try {
      const { hasSpooledEvents } = await import('@ggen-sim/hooks/spool');
      if (!hasSpooledEvents(this.databasePath)) return;
      const { drain } = await import('@ggen-sim/hooks');
      await drain(database, this.databasePath);
    } catch (error) {
      this.printNotice(`Events of hooks are not stored yet: ${(error as Error).message}`);
    }
  }

  /** Makes the failure of a command whose database does not exist. It names the nearest one. */
  async missingDatabase(cause?: Error): Promise<CommandFailure> {
    const { nearestDatabase } = await import('./nearest-database.ts');
    const usual = databasePath({ ...this.locations, dbOption: undefined });
    const nearest = nearestDatabase(this.databasePath, [usual]);
    const hint =
      nearest === undefined
        ? "Create it with 'ggen-sim start', or with --create"
        : `The nearest one is ${nearest}. Give its path with --db, or create a new database with --create`;
    return new CommandFailure('NOT_FOUND', `There is no database ${this.databasePath}`, {
      hint,
      ...(cause && { cause }),
    });
  }

  /** Prints a message for the user as one line on stderr. */
  printNotice(text: string): void {
    this.#caller.stderr.write(`${printable(text)}\n`);
  }

  /** Makes the options of an operation that may take long: progress bar and cancellation by Ctrl-C. */
  longOperation(): LongOperationOptions {
    const signal = this.interruption.cancellable();
    return this.#progressBar === undefined ? { signal } : { signal, onProgress: this.#progressBar.update };
  }

  /** Removes the progress bar from the terminal. */
  removeProgressBar(): void {
    this.#progressBar?.remove();
  }
}

/** True for an existing path that is not an empty file. */
function holdsSomething(path: string): boolean {
  if (!existsSync(path)) return false;
  const status = statSync(path);
  return !status.isFile() || status.size > 0;
}

/** Options of opening a database file. */
export interface OpenDatabaseFileOptions {
  /** @default 'unknown' */
  readonly expectedWork?: ExpectedWork | undefined;
  /** Source of the times written into the tables. @default the system's clock */
  readonly clock?: () => Date;
  /** Create the file if it does not exist. @default true */
  readonly create?: boolean;
  /** Give a database that is created a change log. @default true */
  readonly changeLog?: boolean;
  /** Key of an encrypted database. @default none */
  readonly key?: Key | undefined;
}

/** Loads the database code and opens a file with it. */
export async function openDatabaseFile(
  path: string,
  { expectedWork = 'unknown', clock, create = true, changeLog = true, key }: OpenDatabaseFileOptions = {},
): Promise<Persistence> {
  const { chooseWasmCompiler } = await import('./wasm-compilation.ts');
  chooseWasmCompiler(expectedWork);
  const { openPersistence } = await import('@ggen-sim/core');
  return openPersistence({
    storage: 'file',
    path,
    create,
    changeLog,
    ...(clock && { clock }),
    ...(key && { key }),
  });
}
