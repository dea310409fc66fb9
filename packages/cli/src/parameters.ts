/**
 * What commands take from the command line. An input is a positional argument that is also a flag, or a flag alone;
 * which, and under what name, the command says. Everything here is checked before the database is touched.
 */
import { UsageError } from './failures.ts';
import { placeholderCase } from './letter-case.ts';

/** What a shell may offer for an input. */
export type Completes = 'nothing' | 'files' | 'directories' | readonly string[];

/** One thing a command takes. */
export interface Input<Value = unknown> {
  readonly takes: 'nothing' | 'one' | 'many';
  readonly description: string;
  /** How usage lines call it, where that is not the input's name in capitals. */
  readonly placeholder: string | undefined;
  readonly isRequired: boolean;
  /** The default as help shows it. */
  readonly shownDefault: string | undefined;
  readonly completes: Completes;
  /** Whether `-` stands for standard input. */
  readonly readsStandardInput: boolean;
  /**
   * Makes a value of the texts given; none were given where the list is empty.
   * @throws UsageError
   */
  readonly read: (texts: readonly string[], label: string) => Value;
}

/** The word for an input in usage lines and messages. */
export function placeholderOf(name: string, input: Input): string {
  return input.placeholder ?? placeholderCase(name);
}

interface Wording {
  readonly description: string;
  readonly placeholder?: string;
}

/** A text that must be given. */
export function requiredText(wording: Wording): Input<string> {
  return { ...one(wording), isRequired: true, read: ([given]) => given ?? '' };
}

/** JSON that must be given, as text or, for `-`, on standard input. */
export function requiredJson(wording: Wording): Input<string> {
  return { ...requiredText(wording), readsStandardInput: true };
}

/** A text that may be left out. */
export function optionalText(wording: Wording): Input<string | undefined> {
  return { ...one(wording), read: ([given]) => given };
}

/** A text with a default. */
export function text(wording: Wording & { readonly default: string }): Input<string> {
  return { ...one(wording), shownDefault: wording.default, read: ([given]) => given ?? wording.default };
}

/** The agents to cover, as the SQL LIKE pattern that every query takes first. */
export function agentPattern(): Input<string> {
  return text({
    default: '%',
    placeholder: 'PATTERN',
    description: 'agents, as an SQL LIKE pattern over the agent id; * means %',
  });
}

/** One of a few words; one must be given where there is no default. */
export function choice<const Word extends string>(
  words: readonly Word[],
  wording: ChoiceWording & { readonly default?: Word },
): Input<Word> {
  return {
    ...oneOf(words, wording),
    isRequired: wording.default === undefined,
    shownDefault: wording.default,
    read: ([given = wording.default ?? ''], label) => wordOf(words, given, label, wording),
  };
}

/** One of a few words, or none. */
export function optionalChoice<const Word extends string>(
  words: readonly Word[],
  wording: ChoiceWording,
): Input<Word | undefined> {
  return {
    ...oneOf(words, wording),
    read: ([given], label) => (given === undefined ? undefined : wordOf(words, given, label, wording)),
  };
}

interface ChoiceWording extends Wording {
  /** What to suggest to someone who gave another word. */
  readonly hint?: (given: string) => string;
}

function oneOf(words: readonly string[], wording: Wording): Omit<Input<never>, 'read'> {
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
  throw new UsageError(`${label} must be ${listed(words)}, not '${given}'`, hint?.(given));
}

/** A whole number, 0 or more. */
export function count(wording: Wording & { readonly default: number }): Input<number> {
  const read = (texts: readonly string[], label: string): number =>
    wholeNumber(texts, label) ?? wording.default;
  return { ...one(wording), shownDefault: String(wording.default), read };
}

/** A whole number, 0 or more, that may be left out. */
export function optionalCount(wording: Wording): Input<number | undefined> {
  return { ...one(wording), read: wholeNumber };
}

function wholeNumber([given]: readonly string[], label: string): number | undefined {
  if (given === undefined) return undefined;
  const value = /^\d+$/u.test(given) ? Number(given) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`${label} must be a whole number, 0 or more, not '${given}'`);
}

/** A path, to a file or a folder. */
export function path(
  wording: Wording & { readonly completes: 'files' | 'directories' },
): Input<string | undefined> {
  return { ...optionalText(wording), completes: wording.completes };
}

/** A path that must be given. */
export function requiredPath(
  wording: Wording & { readonly completes: 'files' | 'directories' },
): Input<string> {
  return { ...requiredText(wording), completes: wording.completes };
}

/** Paths of files, any number of them. */
export function files(wording: Wording & { readonly isRequired: boolean }): Input<readonly string[]> {
  return {
    ...one(wording),
    takes: 'many',
    isRequired: wording.isRequired,
    completes: 'files',
    read: (texts) => texts,
  };
}

/** A flag that is there or not. */
export function toggle(wording: Wording): Input<boolean> {
  return { ...one(wording), takes: 'nothing', read: (texts) => texts.length > 0 };
}

function one({ description, placeholder }: Wording): Omit<Input<never>, 'read'> {
  return {
    takes: 'one',
    description,
    placeholder,
    isRequired: false,
    shownDefault: undefined,
    completes: 'nothing',
    readsStandardInput: false,
  };
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
