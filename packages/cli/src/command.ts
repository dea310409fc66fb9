/** What a command is: its place in the command line, what it takes, how help explains it, what it does. */
import type { CommandContext } from './command-context.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Input } from './parameters.ts';

/** Inputs by name; the name is also the flag (`durationMs` is `--duration-ms`). */
export type Inputs = Readonly<Record<string, Input>>;

/** The values of inputs, by the same names. */
export type ValuesOf<Named extends Inputs> = {
  readonly [Name in keyof Named]: Named[Name] extends Input<infer Value> ? Value : never;
};

/** A command as it is written down. */
export interface CommandDefinition<Positionals extends Inputs, Flags extends Inputs> {
  /** The words that call it (`db save-receipt`). */
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** What else there is to know. */
  readonly notes?: string;
  /** In order; each is also a flag. */
  readonly positionals: Positionals;
  readonly flags: Flags;
  /** Command lines that work as they stand. */
  readonly examples: readonly string[];
  /** Whether it reads or writes the user's database, and so takes `--db`. */
  readonly usesDatabase: boolean;
  /** The exit codes that mean something particular to it, beside those every command has. */
  readonly ownExitCodes?: Readonly<Partial<Record<ExitCode, string>>>;
  /** Does it. The exit code is 0 unless it answers another. */
  readonly run: (
    values: ValuesOf<Positionals> & ValuesOf<Flags>,
    context: CommandContext,
  ) => Promise<ExitCode | void>;
}

/** A command as the program knows it, whatever it takes. */
export interface Command extends Required<Omit<CommandDefinition<Inputs, Inputs>, 'run'>> {
  readonly run: (
    values: Readonly<Record<string, unknown>>,
    context: CommandContext,
  ) => Promise<ExitCode | void>;
}

/** Checks a definition's types and forgets them: `run` receives exactly the values its inputs make. */
export function defineCommand<Positionals extends Inputs, Flags extends Inputs>(
  definition: CommandDefinition<Positionals, Flags>,
): Command {
  const { run, notes = '', ownExitCodes = {}, ...rest } = definition;
  return { ...rest, notes, ownExitCodes, run: run as Command['run'] };
}
