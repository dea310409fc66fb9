/** Messages of SQLite that name the part of a query which is wrong. */
const NAMED_PART =
  /near "(?<near>[^]+)": syntax error|unrecognized token: "(?<token>[^]+)"|no such (?:table|column|function|module|collation sequence): (?<missing>[^]+)|ambiguous column name: (?<ambiguous>[^]+)|wrong number of arguments to function (?<called>\w+)/;

/** A range of a text. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Finds the part of a query that an error of SQLite is about. SQLite names it and does not say where it is: the first place
 * of a name is taken, and the last one of what is a syntax error, because what stands before it was read.
 *
 * @returns undefined where the message names nothing, or nothing that stands in the query
 */
export function errorPlace(sql: string, message: string): TextRange | undefined {
  const { near, token, missing, ambiguous, called } = NAMED_PART.exec(message)?.groups ?? {};
  const syntax = near ?? token;
  const name = syntax ?? missing ?? ambiguous ?? called;
  if (name === undefined || name === '') return undefined;
  const places = [...sql.matchAll(wholeWord(name, syntax === undefined ? 'gi' : 'g'))];
  const place = syntax === undefined ? places[0] : places.at(-1);
  return place && { from: place.index, to: place.index + name.length };
}

function wholeWord(name: string, flags: string): RegExp {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(
    `${/^\w/.test(name) ? String.raw`(?<!\w)` : ''}${escaped}${/\w$/.test(name) ? String.raw`(?!\w)` : ''}`,
    flags,
  );
}
