/**
 * Parameters of commands. A command declares each under a name, as a positional argument that is also an option, or as
 * an option only. All values are checked before the database is opened.
 */
import { UsageError } from './failures.ts';
import { placeholderCase } from './letter-case.ts';
import { nearestWord } from './nearest-word.ts';

/** Values that a shell can complete. */
export type Completes = 'nothing' | 'files' | 'directories' | readonly string[];

/** A parameter of a command. */
export interface Parameter<Value = unknown> {
  /**
   * Number of values its option takes; `repeated` is one for each time that the option is given, and `maybe` is one or, as a
   * flag, none.
   */
  readonly takes: 'nothing' | 'one' | 'many' | 'repeated' | 'maybe';
  readonly description: string;
  /** Name in usage lines and messages, if not the parameter's name in capitals. */
  readonly placeholder: string | undefined;
  readonly isRequired: boolean;
  /** Default value as the help shows it. */
  readonly shownDefault: string | undefined;
  readonly completes: Completes;
  /** True when `-` means standard input. */
  readonly readsStandardInput: boolean;
  /** True when an empty text is refused as an option: without it, something would be left unprotected without a word. */
  readonly refusesEmpty: boolean;
  /**
   * What any word given for it names (`an agent`), for an argument that a word meant for another one would be taken for.
   * Such a word is refused.
   */
  readonly anyWordNames: string | undefined;
  /**
   * Parses the texts given. An empty list means that none was given.
   * @throws {UsageError} when a text is not a valid value
   */
  readonly parse: (texts: readonly string[], label: string) => Value;
}

/** Returns the name of a parameter in usage lines and messages. */
export function placeholderOf(name: string, parameter: Parameter): string {
  return parameter.placeholder ?? placeholderCase(name);
}

interface Wording {
  readonly description: string;
  readonly placeholder?: string;
  readonly refusesEmpty?: boolean;
}

/** Makes a required text. */
export function requiredText(wording: Wording): Parameter<string> {
  return { ...one(wording), isRequired: true, parse: ([given]) => given ?? '' };
}

/** Makes a required JSON value, given as an argument or, for `-`, on standard input. */
export function requiredJson(wording: Wording): Parameter<string> {
  return { ...requiredText(wording), readsStandardInput: true };
}

/** Makes an optional JSON value, given as an argument or, for `-`, on standard input. */
export function optionalJson(wording: Wording): Parameter<string | undefined> {
  return { ...optionalText(wording), readsStandardInput: true };
}

/** Makes a required statement in SQL, given as an argument or, for `-`, on standard input. */
export function sqlText(wording: Wording): Parameter<string> {
  return { ...requiredText(wording), readsStandardInput: true };
}

/** Makes an optional text. */
export function optionalText(wording: Wording): Parameter<string | undefined> {
  return { ...one(wording), parse: ([given]) => given };
}

/** Makes a text with a default. */
export function text(wording: Wording & { readonly default: string }): Parameter<string> {
  return { ...one(wording), shownDefault: wording.default, parse: ([given]) => given ?? wording.default };
}

/** Makes a choice of words, which is required unless it has a default. */
export function choice<const Word extends string>(
  words: readonly Word[],
  wording: ChoiceWording & { readonly default?: Word },
): Parameter<Word> {
  return {
    ...oneOf(words, wording),
    isRequired: wording.default === undefined,
    shownDefault: wording.default,
    parse: ([given = wording.default ?? ''], label) => wordOf(words, given, label, wording),
  };
}

/** Makes an optional choice of words. */
export function optionalChoice<const Word extends string>(
  words: readonly Word[],
  wording: ChoiceWording,
): Parameter<Word | undefined> {
  return {
    ...oneOf(words, wording),
    parse: ([given], label) => (given === undefined ? undefined : wordOf(words, given, label, wording)),
  };
}

interface ChoiceWording extends Wording {
  /** Makes the hint of the error for any other word. @default the most similar word */
  readonly hint?: (given: string) => string | undefined;
}

function oneOf(words: readonly string[], wording: Wording): Omit<Parameter<never>, 'parse'> {
  return {
    ...one({ ...wording, description: `${wording.description}: ${listed(words)}` }),
    completes: words,
  };
}

function wordOf<Word extends string>(
  words: readonly Word[],
  given: string,
  label: string,
  { hint }: ChoiceWording,
): Word {
  const word = words.find((candidate) => candidate === given);
  if (word !== undefined) return word;
  const nearest = nearestWord(words, given);
  throw new UsageError(
    `${label} must be ${listed(words)}, not '${given}'`,
    hint?.(given) ?? (nearest === undefined ? undefined : `Did you mean ${nearest}?`),
  );
}

/** Makes a whole number, 0 or more, with a default. */
export function count(wording: Wording & { readonly default: number }): Parameter<number> {
  const parse = (texts: readonly string[], label: string): number =>
    wholeNumber(texts, label) ?? wording.default;
  return { ...one(wording), shownDefault: String(wording.default), parse };
}

/** Makes an optional whole number. @param wording - `atLeast` is 0 unless given */
export function optionalCount({
  atLeast = 0,
  ...wording
}: Wording & { readonly atLeast?: number }): Parameter<number | undefined> {
  return { ...one(wording), parse: (texts, label) => wholeNumber(texts, label, atLeast) };
}

function wholeNumber([given]: readonly string[], label: string, atLeast = 0): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d+$/u.test(given) ? Number(given) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= atLeast) return value;
  throw new UsageError(`${label} must be a whole number, ${atLeast} or more, not '${given}'`);
}

/** Makes an optional path of a file or a directory. */
export function path(
  wording: Wording & { readonly completes: 'files' | 'directories' },
): Parameter<string | undefined> {
  return { ...optionalText(wording), completes: wording.completes };
}

/** Makes a required path. */
export function requiredPath(
  wording: Wording & { readonly completes: 'files' | 'directories' },
): Parameter<string> {
  return { ...requiredText(wording), completes: wording.completes };
}

/** Makes a list of file paths. */
export function files(wording: Wording & { readonly isRequired: boolean }): Parameter<readonly string[]> {
  return {
    ...one(wording),
    takes: 'many',
    isRequired: wording.isRequired,
    completes: 'files',
    parse: (texts) => texts,
  };
}

/** Makes an optional text that may be given several times. Without it, the value is undefined. */
export function repeatedText(wording: Wording): Parameter<readonly string[] | undefined> {
  return {
    ...one(wording),
    takes: 'repeated',
    parse: (texts) => (texts.length === 0 ? undefined : texts),
  };
}

/** Makes an option with or without a value. Without the option, the value is undefined; without a value, it is `null`. */
export function flagOrText(wording: Wording): Parameter<string | null | undefined> {
  return {
    ...one(wording),
    takes: 'maybe',
    parse: ([given]) => (given === '' ? null : given),
  };
}

/** Makes an option without a value. */
export function flag(wording: Wording): Parameter<boolean> {
  return { ...one(wording), takes: 'nothing', parse: (texts) => texts.length > 0 };
}

function one({ description, placeholder, refusesEmpty = false }: Wording): Omit<Parameter<never>, 'parse'> {
  return {
    takes: 'one',
    description,
    placeholder,
    isRequired: false,
    shownDefault: undefined,
    completes: 'nothing',
    readsStandardInput: false,
    anyWordNames: undefined,
    refusesEmpty,
  };
}

/** Lists words as alternatives: `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
