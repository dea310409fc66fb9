/** What may be completed where, the same for every shell. A place is the words of a command (`db query-receipts`). */
import type { Command } from '../command.ts';
import { commandGroups, commands } from '../commands/index.ts';
import type { Completes, Input } from '../parameters.ts';
import { kebabCase } from '../letter-case.ts';

/** A word that can stand at a place, and what it leads to. */
export interface CompletionWord {
  readonly word: string;
  readonly summary: string;
}

/** A flag at a place. */
export interface CompletionFlag extends CompletionWord {
  readonly takesValue: boolean;
  readonly completes: Completes;
}

/** Everything that can be completed at one place. */
export interface CompletionPlace {
  /** Empty for the program itself. */
  readonly place: string;
  /** Commands and groups that may follow. */
  readonly words: readonly CompletionWord[];
  readonly flags: readonly CompletionFlag[];
  /** Positional arguments, in order. */
  readonly positionals: readonly Completes[];
}

const helpFlag: CompletionFlag = {
  word: '--help',
  summary: 'explain the command',
  takesValue: false,
  completes: 'nothing',
};
const verboseFlag: CompletionFlag = { ...helpFlag, word: '--verbose', summary: 'show the cause of an error' };
const databaseFlag: CompletionFlag = {
  word: '--db',
  summary: 'the database file',
  takesValue: true,
  completes: 'files',
};
const commonFlags = [helpFlag, verboseFlag];

/** Every place of the command line. */
export function completionPlaces(): CompletionPlace[] {
  const groups = Object.entries(commandGroups).map(([word, summary]) => ({ word, summary }));
  const help = { word: 'help', summary: 'explain a command' };
  const memberOf = (group: string): CompletionWord[] =>
    commands.flatMap(({ name, summary }) => {
      const words = name.split(' ');
      const parent = words.slice(0, -1).join(' ');
      return parent === group ? [{ word: words.at(-1) ?? '', summary }] : [];
    });
  const programFlag = { ...helpFlag, word: '--version', summary: 'print the version' };
  return [
    {
      place: '',
      words: [...memberOf(''), ...groups, help],
      flags: [...commonFlags, databaseFlag, programFlag],
      positionals: [],
    },
    ...groups.map(({ word }) => ({
      place: word,
      words: [...memberOf(word), help],
      flags: [...commonFlags, databaseFlag],
      positionals: [],
    })),
    ...commands.map(commandPlace),
  ];
}

function commandPlace(command: Command): CompletionPlace {
  const inputs = Object.entries({ ...command.positionals, ...command.flags });
  return {
    place: command.name,
    words: [],
    flags: [
      ...inputs.map(([name, input]) => flagOf(name, input)),
      ...commonFlags,
      ...(command.usesDatabase ? [databaseFlag] : []),
    ],
    positionals: Object.values(command.positionals).map((input) => input.completes),
  };
}

function flagOf(name: string, { description, takes, completes }: Input): CompletionFlag {
  return { word: `--${kebabCase(name)}`, summary: description, takesValue: takes !== 'nothing', completes };
}

/** The flags that take a value, wherever they stand: a name takes one everywhere or nowhere. */
export function valueFlags(places: readonly CompletionPlace[]): string[] {
  const flags = places.flatMap((place) => place.flags.filter((flag) => flag.takesValue));
  return [...new Set(flags.map((flag) => flag.word))];
}

/** The places that are reached word by word, which tells commands from arguments. */
export function reachablePlaces(places: readonly CompletionPlace[]): string[] {
  return places.map(({ place }) => place).filter((place) => place !== '');
}
