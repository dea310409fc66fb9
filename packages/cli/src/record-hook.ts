/**
 * `ggen-sim hooks record` without the rest of the program: the agent waits for this process, so it loads no parser and no
 * database. It is the same whether the parser has run or not.
 */
import { realpathSync, writeSync } from 'node:fs';
import { recordHook } from '@ggen-sim/hooks/record';
import { databasePath } from './locations.ts';
import { printable } from './output/printable.ts';
import { isEncryptedFile, isSqliteFile } from './sqlite-file.ts';

/** Options of the command. */
export interface HookOptions {
  readonly db?: string | undefined;
  readonly agent?: string | undefined;
  readonly keepPrompts?: boolean;
  /** Record also for an encrypted database, although the event waits beside it without encryption. */
  readonly plain?: boolean;
  /** Source of the key, for the process that stores the event. */
  readonly keyFile?: string | undefined;
  readonly keyCommand?: string | undefined;
}

/** Records the event on standard input. Words that are no options of the recorder are passed over: a hook never fails. */
export function recordHookCall(words: readonly string[]): void {
  const valueOf = (name: string): string | undefined => {
    const inOneWord = words.find((word) => word.startsWith(`${name}=`));
    if (inOneWord !== undefined) return inOneWord.slice(name.length + 1);
    const at = words.indexOf(name);
    return at < 0 ? undefined : words[at + 1];
  };
  recordWith({
    db: valueOf('--db'),
    agent: valueOf('--agent'),
    keepPrompts: words.includes('--keep-prompts'),
    plain: words.includes('--plain'),
    keyFile: valueOf('--key-file'),
    keyCommand: valueOf('--key-command'),
  });
}

/** Records the event on standard input. */
export function recordWith(options: HookOptions): void {
  const { db, agent, keepPrompts = false, plain = false, keyFile, keyCommand } = options;
  try {
    const path = databasePath({
      dbOption: db,
      environment: process.env,
      currentDirectory: process.cwd(),
    });
    const isKeyGiven = Boolean(keyFile || keyCommand) || process.env['GGEN_SIM_KEY'] !== undefined;
    if (!plain && isEncrypted(path, isKeyGiven)) {
      throw new Error(
        `${path} is encrypted, and the event would wait beside it without encryption; 'ggen-sim hooks install --plain' permits that`,
      );
    }
    const keyWords = [
      ...(keyFile ? ['--key-file', keyFile] : []),
      ...(keyCommand ? ['--key-command', keyCommand] : []),
    ];
    recordHook({
      databasePath: path,
      drainer: [realpathSync(process.argv[1] ?? ''), 'hooks', 'drain', '--db', path, ...keyWords],
      keepPrompts,
      ...(agent !== undefined && agent !== '' && { agent }),
    });
  } catch (error) {
    reportLoss(error);
  }
}

/** True for a database that is encrypted, or will be when it is created. */
function isEncrypted(path: string, isKeyGiven: boolean): boolean {
  return isEncryptedFile(path) || (isKeyGiven && !isSqliteFile(path));
}

/** Says on stderr that an event is lost. The exit code stays 0: the agent must go on. */
function reportLoss(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  try {
    writeSync(2, `ggen-sim: an event of a hook was not recorded: ${printable(reason)}\n`);
  } catch {
    // Nobody reads stderr.
  }
}
