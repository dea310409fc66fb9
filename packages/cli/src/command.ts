/** Definition of a command: its name, its parameters, its help and its action. */
import type { CommandContext } from './command-context.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Parameter } from './parameters.ts';

/** Parameters by name; the name is also the option (`durationMs` is `--duration-ms`). */
export type ParametersByName = Readonly<Record<string, Parameter>>;

/** Values of parameters, by the same names. */
export type ValuesOf<Named extends ParametersByName> = {
  readonly [Name in keyof Named]: Named[Name] extends Parameter<infer Value> ? Value : never;
};

/**
 * Use of the user's database. `existing`: a missing one is refused, unless `--create` is given, so that a mistyped path
 * is not taken for an empty database. `created`: a missing one is created. `unused`: the command has no `--db`.
 */
export type DatabaseUse = 'existing' | 'created' | 'unused';

/** A command as its file defines it. */
export interface CommandDefinition<Positionals extends ParametersByName, Options extends ParametersByName> {
  /** Words that call the command (`db save-receipt`). */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Text below the summary on the command's help page. */
  readonly notes?: string;
  /** Positional arguments in order. Each can also be given as an option. */
  readonly positionals: Positionals;
  readonly options: Options;
  /** Pairs of options that contradict each other. */
  readonly exclusive?: readonly (readonly [keyof Options, keyof Options])[];
  /** Command lines that work as they stand. */
  readonly examples: readonly string[];
  readonly database: DatabaseUse;
  /** Meanings of exit codes that this command replaces or adds to the common ones. */
  readonly ownExitCodes?: Readonly<Partial<Record<ExitCode, string>>>;
  /** Runs the command; resolves to the exit code, default 0. */
  readonly run: (
    values: ValuesOf<Positionals> & ValuesOf<Options>,
    context: CommandContext,
  ) => Promise<ExitCode | void>;
}

/** A command with the types of its parameters erased, as the parser, help and completion use it. */
export interface Command extends Required<
  Omit<CommandDefinition<ParametersByName, ParametersByName>, 'run' | 'exclusive'>
> {
  readonly exclusive: readonly (readonly [string, string])[];
  readonly run: (
    values: Readonly<Record<string, unknown>>,
    context: CommandContext,
  ) => Promise<ExitCode | void>;
}

/** Checks a definition's types, then erases them: `run` receives exactly the values its parameters parse to. */
export function defineCommand<Positionals extends ParametersByName, Options extends ParametersByName>(
  definition: CommandDefinition<Positionals, Options>,
): Command {
  const { run, notes = '', ownExitCodes = {}, exclusive = [], ...rest } = definition;
  return {
    ...rest,
    notes,
    ownExitCodes,
    exclusive: exclusive as Command['exclusive'],
    run: run as Command['run'],
  };
}
