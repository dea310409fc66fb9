import { checkText, invalid, type Field } from './arguments.ts';

/** Comparisons of a {@link JsonCondition}, as they are written. `==` and `<>` are other spellings of two of them. */
const COMPARISONS = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
} as const;

/** A condition on a JSON document. */
export interface JsonCondition {
  /** Path as SQLite takes it (https://www.sqlite.org/json1.html#path_arguments), with every key in quotation marks. */
  readonly path: string;
  /** Undefined for a path alone: the document must have it. */
  readonly comparison: (typeof COMPARISONS)[keyof typeof COMPARISONS] | undefined;
  /** The value that the comparison is with. An integer is a bigint where a number would round it. */
  readonly value: string | number | bigint | boolean | null;
}

/** A step of a path: `.key`, `."any key"`, `["any key"]`, `[0]` from the start or `[-1]` from the end of a list. */
const STEP =
  /\.(?<key>[^\s.[\]"'\\=<>!]+)|\."(?<quoted>[^"\\\p{Cc}]*)"|\["(?<member>[^"\\\p{Cc}]*)"\]|\[(?<index>-?\d{1,9})\]/uy;
const COMPARISON = /\s*(?<comparison>==|!=|<>|<=|>=|=|<|>)\s*/uy;
const NUMBER = /^-?(?:0|[1-9]\d*)(?<fraction>\.\d+)?(?<exponent>[Ee][+-]?\d+)?$/u;

const EXPECTED =
  'a path, a comparison and a JSON value, such as $.files_generated > 10 or $.status = "success"';

/** Checks a condition and parses it. @throws {PersistenceError} INVALID_ARGUMENT */
export function checkJsonCondition(field: Field, given: unknown): JsonCondition {
  const text = checkText(field, given).trim();
  const refuse = (): never => {
    throw invalid(field, given, EXPECTED);
  };
  if (!text.startsWith('$')) return refuse();
  let path = '$';
  let position = 1;
  for (let step = matchAt(STEP, text, position); step; step = matchAt(STEP, text, position)) {
    const { key, quoted, member, index } = step.groups ?? {};
    const name = key ?? quoted ?? member;
    if (name === undefined) path += `[${Number(index) < 0 || index === '-0' ? `#${index}` : index}]`;
    else path += `."${name}"`;
    position += step[0].length;
  }
  if (position === text.length) return { path, comparison: undefined, value: null };
  const found = matchAt(COMPARISON, text, position) ?? refuse();
  const comparison = COMPARISONS[found.groups?.['comparison'] as keyof typeof COMPARISONS];
  const value = literalOf(text.slice(position + found[0].length)) ?? refuse();
  if (comparison !== '=' && comparison !== '!=' && !isOrdered(value.value)) {
    throw invalid(field, given, `a number or a text after ${comparison}`);
  }
  if (typeof value.value === 'string') checkText(field, value.value);
  return { path, comparison, value: value.value };
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

function isOrdered(value: JsonCondition['value']): boolean {
  return typeof value !== 'boolean' && value !== null;
}

/** Reads a JSON value that is neither an object nor a list; a text may be in single quotation marks, for shells. */
function literalOf(text: string): { readonly value: JsonCondition['value'] } | undefined {
  if (/^'[^']*'$/u.test(text)) return { value: text.slice(1, -1) };
  const number = NUMBER.exec(text);
  if (number) return { value: numberOf(text, number.groups?.['fraction'] ?? number.groups?.['exponent']) };
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? undefined
      : { value: value as string | boolean | null };
  } catch {
    return undefined;
  }
}

/** SQLite has integers of 64 bits, and floating-point numbers beyond them. */
function numberOf(text: string, fraction: string | undefined): number | bigint {
  const value = Number(text);
  if (fraction !== undefined || Number.isSafeInteger(value)) return value;
  const exact = BigInt(text);
  return BigInt.asIntN(64, exact) === exact ? exact : value;
}
