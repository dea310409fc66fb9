/** Completions of every context, the same for all shells. A context is the words of a command (`db query-receipts`). */
import type { Command } from '../command.ts';
import { kebabCase } from '../letter-case.ts';
import type { Completes, Parameter } from '../parameters.ts';

/** Commands to complete, and the descriptions of the first words they share. */
export interface CommandSet {
  readonly commands: readonly Command[];
  readonly groups: Readonly<Record<string, string>>;
}

/** A word that can follow in a context. */
export interface CompletionWord {
  readonly word: string;
  readonly summary: string;
}

/** An option that can follow in a context. */
export interface CompletionOption extends CompletionWord {
  readonly takesValue: boolean;
  readonly completes: Completes;
}

/** All completions of one context. */
export interface CompletionContext {
  /** Words of the command or group; empty for the program itself. */
  readonly path: string;
  /** Commands and groups that may follow. */
  readonly words: readonly CompletionWord[];
  readonly options: readonly CompletionOption[];
  /** Positional arguments, in order. */
  readonly positionals: readonly Completes[];
}

const HELP_OPTION: CompletionOption = {
  word: '--help',
  summary: 'show the help',
  takesValue: false,
  completes: 'nothing',
};
const VERBOSE_OPTION: CompletionOption = {
  ...HELP_OPTION,
  word: '--verbose',
  summary: 'print the cause and the stack of an error',
};
const VERSION_OPTION: CompletionOption = { ...HELP_OPTION, word: '--version', summary: 'print the version' };
const DATABASE_OPTION: CompletionOption = {
  word: '--db',
  summary: 'database file',
  takesValue: true,
  completes: 'files',
};
const KEY_OPTIONS: readonly CompletionOption[] = [
  { ...DATABASE_OPTION, word: '--key-file', summary: 'file with the key of an encrypted database' },
  {
    ...DATABASE_OPTION,
    word: '--key-command',
    summary: 'command that prints the key or the passphrase',
    completes: 'nothing',
  },
];
const DATABASE_OPTIONS: readonly CompletionOption[] = [DATABASE_OPTION, ...KEY_OPTIONS];
const CREATE_OPTION: CompletionOption = {
  ...HELP_OPTION,
  word: '--create',
  summary: 'create the database if it does not exist',
};
const COMMON_OPTIONS: readonly CompletionOption[] = [HELP_OPTION, VERBOSE_OPTION];
const HELP_WORD: CompletionWord = { word: 'help', summary: 'show the help of a command' };

/** Lists every context of the command line. */
export function completionContexts({ commands, groups }: CommandSet): CompletionContext[] {
  const groupWords = Object.entries(groups).map(([word, summary]) => ({ word, summary }));
  const membersOf = (group: string): CompletionWord[] =>
    commands.flatMap(({ name, summary }) => {
      const words = name.split(' ');
      const parent = words.slice(0, -1).join(' ');
      return parent === group ? [{ word: words.at(-1) ?? '', summary }] : [];
    });
  return [
    {
      path: '',
      words: [...membersOf(''), ...groupWords, HELP_WORD],
      options: [...COMMON_OPTIONS, ...DATABASE_OPTIONS, CREATE_OPTION, VERSION_OPTION],
      positionals: [],
    },
    ...groupWords.map(({ word }) => ({
      path: word,
      words: [...membersOf(word), HELP_WORD],
      options: [...COMMON_OPTIONS, ...DATABASE_OPTIONS, CREATE_OPTION],
      positionals: [],
    })),
    ...commands.map((command) => commandContext(command, membersOf(command.name))),
  ];
}

function commandContext(command: Command, members: readonly CompletionWord[]): CompletionContext {
  const parameters = Object.entries({ ...command.positionals, ...command.options });
  return {
    path: command.name,
    words: members.length === 0 ? [] : [...members, HELP_WORD],
    options: [
      ...parameters.map(([name, parameter]) => completionOption(name, parameter)),
      ...COMMON_OPTIONS,
      ...(command.database === 'unused' ? [] : DATABASE_OPTIONS),
      ...(command.database === 'existing' ? [CREATE_OPTION] : []),
    ],
    positionals: Object.values(command.positionals).map((parameter) => parameter.completes),
  };
}

function completionOption(name: string, { description, takes, completes }: Parameter): CompletionOption {
  return {
    word: `--${kebabCase(name)}`,
    summary: description,
    takesValue: !['nothing', 'maybe'].includes(takes),
    completes,
  };
}

/** Lists the options that take a value. An option takes one in every context or in none. */
export function valueOptions(contexts: readonly CompletionContext[]): string[] {
  const options = contexts.flatMap((context) => context.options.filter((option) => option.takesValue));
  return [...new Set(options.map((option) => option.word))];
}

/** Lists the words of all commands and groups, by which a script tells them from arguments. */
export function commandPaths(contexts: readonly CompletionContext[]): string[] {
  return contexts.map(({ path }) => path).filter((path) => path !== '');
}

/** Adds the key by which the scripts for bash and zsh find a context: its words, each after a space. */
export function withKeys(contexts: readonly CompletionContext[]): (CompletionContext & { key: string })[] {
  return contexts.map((context) => ({ ...context, key: context.path === '' ? '' : ` ${context.path}` }));
}
