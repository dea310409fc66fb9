/** Lines and spaces of JSON. Numbers and strings stay as they are written, which parsing would change beyond 2^53. */

/** A sign, a number or a word, with the white space before it. */
const TOKEN = /\s*([{}[\],:]|[^\s{}[\],:"]+)?/uy;

const INDENT = '  ';

/** Lays valid JSON out with a line for each member, as `JSON.stringify(value, null, 2)` does. */
export function withLayout(json: string): string {
  const parts: string[] = [];
  let depth = 0;
  let previous = '';
  for (const token of tokensOf(json)) {
    const isEnd = token === '}' || token === ']';
    if (isEnd) depth--;
    if (isEnd ? !isStart(previous) : isStart(previous) || previous === ',')
      parts.push('\n', INDENT.repeat(depth));
    parts.push(token === ':' ? ': ' : token);
    if (isStart(token)) depth++;
    previous = token;
  }
  return parts.join('');
}

/** Puts the members of each object of valid JSON in the order of their names, which means the same. */
export function withSortedMembers(json: string): string {
  const result: Container = { isObject: false, values: [], names: [] };
  const open = [result];
  for (const token of tokensOf(json)) {
    const container = open.at(-1) ?? result;
    if (isStart(token)) {
      open.push({ isObject: token === '{', values: [], names: [] });
    } else if (token === '}' || token === ']') {
      open.pop();
      open.at(-1)?.values.push(textOf(container));
    } else if (token !== ',' && token !== ':') {
      const isName = container.isObject && container.names.length === container.values.length;
      (isName ? container.names : container.values).push(token);
    }
  }
  return result.values.join('');
}

/** An object or an array, as far as it has been read. */
interface Container {
  readonly isObject: boolean;
  readonly values: string[];
  /** Only of an object: the names of the values, in quotes. */
  readonly names: string[];
}

function textOf({ isObject, names, values }: Container): string {
  if (!isObject) return `[${values.join(',')}]`;
  const members = values.map((value, index) => ({ name: names[index] ?? '', value }));
  members.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  return `{${members.map(({ name, value }) => `${name}:${value}`).join(',')}}`;
}

/** Leaves out what is between the tokens of valid JSON, as `JSON.stringify(value)` does. */
export function withoutLayout(json: string): string {
  return [...tokensOf(json)].join('');
}

function isStart(token: string): boolean {
  return token === '{' || token === '[';
}

function* tokensOf(json: string): Generator<string, void> {
  for (let index = 0; index < json.length;) {
    TOKEN.lastIndex = index;
    const [, token] = TOKEN.exec(json) ?? [];
    index = TOKEN.lastIndex;
    if (token !== undefined) {
      yield token;
    } else if (json[index] === '"') {
      // An expression for strings would run out of stack where they are long.
      let end = index + 1;
      while (end < json.length && json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
      yield json.slice(index, end + 1);
      index = end + 1;
    }
  }
}
