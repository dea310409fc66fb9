/** Word of a query: what SPARQL's grammar takes as one token, with the white space and comments before it. */
interface Token {
  readonly kind: 'variable' | 'word' | 'name' | 'iri' | 'other';
  /** Name without its sign for a variable, upper case for a word. */
  readonly text: string;
  readonly before: string;
  readonly source: string;
}

/** Reason why a query is not evaluated. */
export interface QueryProblem {
  /** True when SHACL forbids what the query does, false when this package cannot do it. */
  readonly isIllFormed: boolean;
  readonly text: string;
}

/** Variables of a query that have values before it is evaluated. */
export interface PreboundNames {
  /** Sub-queries must return them. */
  readonly required: readonly string[];
  /** Sub-queries need not return them. */
  readonly optional: readonly string[];
}

const NAME = String.raw`\p{L}\p{N}_\u00b7\u0300-\u036f\u203f\u2040`;
/** Characters with which the part of a name after the colon may begin. */
const START = String.raw`\p{L}\p{N}_`;
const PREFIX = String.raw`\p{L}(?:[${NAME}.-]*[${NAME}-])?`;
const ESCAPED = String.raw`%[\dA-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]`;
const IRI_CHARACTERS = String.raw`[^<>"{}|^\u0060\\\u0000-\u0020]*`;
const TOKEN = new RegExp(
  [
    String.raw`(?<space>(?:\s|#[^\n\r]*)+)`,
    // The mark of a triple term, which is longer than the one that begins an IRI.
    '<<',
    String.raw`(?<iri><${IRI_CHARACTERS}>)`,
    String.raw`(?<string>"""(?:"{0,2}(?:[^"\\]|\\.))*"""|'''(?:'{0,2}(?:[^'\\]|\\.))*'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')`,
    String.raw`[?$](?<variable>[${NAME}]+)`,
    String.raw`(?<name>(?:_|${PREFIX})?:(?:(?:[${START}:]|${ESCAPED})(?:(?:[${NAME}:.-]|${ESCAPED})*(?:[${NAME}:-]|${ESCAPED}))?)?)`,
    String.raw`(?<language>@[a-zA-Z]+(?:-[a-zA-Z\d]+)*)`,
    String.raw`(?<word>[A-Za-z_]\w*)`,
    String.raw`(?<other>\{\||\|\}|.)`,
  ].join('|'),
  'suy',
);

/** Clauses that SHACL forbids, because the values of pre-bound variables have no meaning in them (section 5.2.1). */
const FORBIDDEN: readonly string[] = ['MINUS', 'VALUES', 'SERVICE'];
/** What no query may contain. */
const NETWORK: readonly string[] = ['SERVICE'];

/** Writes the declaration of a prefix; `undefined` when SPARQL does not allow the prefix or its IRI. */
export function prefixDeclaration(prefix: string, namespace: string): string | undefined {
  const isAllowed =
    new RegExp(`^(?:${PREFIX})?$`, 'u').test(prefix) &&
    new RegExp(`^${IRI_CHARACTERS}$`, 'u').test(namespace);
  return isAllowed ? `PREFIX ${prefix}: <${namespace}>\n` : undefined;
}

/**
 * Query of a shapes graph. Its words are known, not its grammar, which the SPARQL engine checks: that is enough to find what
 * SHACL forbids, and to give variables their values in every group of the query.
 */
export class QueryText {
  readonly #tokens: readonly Token[];
  /** Index of the word `SELECT` or `ASK`; -1 for another query. */
  readonly #start: number;

  /** The query as it is written. */
  readonly source: string;

  constructor(text: string) {
    this.source = text;
    this.#tokens = tokensOf(text);
    this.#start = startOf(this.#tokens);
  }

  /** `SELECT`, `ASK`, or another first word. */
  get form(): string {
    return this.#tokens[this.#start]?.text ?? '';
  }

  /** Names of all variables. */
  get variables(): ReadonlySet<string> {
    return new Set(this.#tokens.filter(({ kind }) => kind === 'variable').map(({ text }) => text));
  }

  /** Finds what SHACL forbids in a query with pre-bound variables, then what this package cannot do. */
  problem(names: PreboundNames): QueryProblem | undefined {
    return this.#unbalanced() ?? this.#forbidden(names) ?? this.#unsupported(names);
  }

  /**
   * Writes the query with a text at the beginning of each group, and with a path in the place of `$PATH`.
   *
   * @param maxRows - a `SELECT` returns at most one row more
   */
  written(inEachGroup: string, path: string | undefined, maxRows: number): string {
    const parts = this.#tokens.map(({ kind, text, before, source }, index) => {
      if (kind === 'variable' && text === 'PATH' && path !== undefined) return `${before}(${path})`;
      const isGroup = source === '{' && !this.#isWord(index + 1, 'SELECT');
      return isGroup ? `${before}{ ${inEachGroup} ` : before + source;
    });
    if (this.form !== 'SELECT') return parts.join('');
    const [prologue, query] = [parts.slice(0, this.#start), parts.slice(this.#start)];
    return `${prologue.join('')} SELECT * WHERE { { ${query.join('')}\n} } LIMIT ${maxRows + 1}`;
  }

  #isWord(index: number, word: string): boolean {
    const token = this.#tokens[index];
    return token?.kind === 'word' && token.text === word;
  }

  /** Finds braces by which the text would end the group that is put around it, and go on outside. */
  #unbalanced(): QueryProblem | undefined {
    let depth = 0;
    for (const { source } of this.#tokens) {
      if (source === '{' || source === '{|') depth += 1;
      else if (source === '}' || source === '|}') depth -= 1;
      if (depth < 0) return illFormed('it closes a brace that it did not open');
    }
    return undefined;
  }

  #forbidden({ required, optional }: PreboundNames): QueryProblem | undefined {
    const prebound = new Set([...required, ...optional]);
    const forbidden = prebound.size === 0 ? NETWORK : FORBIDDEN;
    for (const [index, { kind, text }] of this.#tokens.entries()) {
      const next = this.#tokens[index + 1];
      // The engine needs no space between words: it reads `SERVICESILENT`, `trueMINUS {` and `SERVICEex:a {` too.
      const words = kind === 'word' ? text : kind === 'name' && next?.source === '{' ? prefixOf(text) : '';
      const word = forbidden.find((each) => words.includes(each));
      if (word !== undefined) return illFormed(`it contains ${word}`);
      if (kind !== 'word') continue;
      if (text === 'AS' && next?.kind === 'variable' && prebound.has(next.text))
        return illFormed(`it assigns a value to $${next.text}, which has one before`);
      if (text !== 'SELECT') continue;
      const names = index === this.#start ? required.filter((name) => name === 'this') : required;
      const returned = this.#returnedBy(index, index === this.#start);
      const missing = names.find((name) => !returned(name));
      if (missing !== undefined)
        return illFormed(`${index === this.#start ? 'it' : 'a sub-query'} does not return $${missing}`);
    }
    return undefined;
  }

  #unsupported({ required, optional }: PreboundNames): QueryProblem | undefined {
    const hasShapesGraph = [...required, ...optional].includes('shapesGraph');
    for (const [index, { kind, text, source }] of this.#tokens.entries()) {
      const next = this.#tokens[index + 1];
      const isShapesGraph = hasShapesGraph && next?.kind === 'variable' && next.text === 'shapesGraph';
      const isGraph =
        kind === 'word'
          ? text.includes('GRAPH') && !(text === 'GRAPH' && isShapesGraph)
          : kind === 'name' && next?.source === '{' && prefixOf(text).includes('GRAPH');
      if (isGraph)
        return {
          isIllFormed: false,
          text: `it reads a graph other than ${hasShapesGraph ? '$shapesGraph' : 'the data graph'}`,
        };
      if ((kind === 'word' && text.includes('FROM')) || this.#isDataset(index))
        return { isIllFormed: false, text: 'it names its own graphs by FROM' };
      if (source === '\\' || source === '{|')
        return { isIllFormed: false, text: `"${source}" outside of strings is not supported` };
    }
    return undefined;
  }

  /** True for an IRI after `FROM`: outside of parentheses, no other one stands between the first word and the first group. */
  #isDataset(index: number): boolean {
    const token = this.#tokens[index];
    if (index <= this.#start || (token?.kind !== 'name' && token?.kind !== 'iri')) return false;
    let depth = 0;
    for (const { source } of this.#tokens.slice(this.#start, index)) {
      if (source === '{') return false;
      if (source === '(') depth += 1;
      else if (source === ')') depth -= 1;
    }
    return depth === 0;
  }

  /** Returns a test for the names that a `SELECT` returns. */
  #returnedBy(select: number, isOutermost: boolean): (name: string) => boolean {
    const projected = new Set<string>();
    let depth = 0;
    let index = select + 1;
    for (; index < this.#tokens.length; index += 1) {
      const { kind, text, source } = this.#tokens[index] as Token;
      if (source === '{' || (depth === 0 && kind === 'word' && text === 'WHERE')) break;
      if (source === '(') depth += 1;
      else if (source === ')') depth -= 1;
      // The star alone returns what has a value, and pre-bound variables have one in the outermost group.
      else if (source === '*' && depth === 0)
        return isOutermost ? () => true : (name) => this.#isInScope(index, name);
      else if (kind === 'variable' && (depth === 0 || this.#isWord(index - 1, 'AS'))) projected.add(text);
    }
    return (name) => projected.has(name);
  }

  /** True when a pattern of the group after an index gives a variable a value: it is not in an expression alone. */
  #isInScope(after: number, name: string): boolean {
    let [groups, parentheses, outside] = [0, 0, 0];
    for (let index = after; index < this.#tokens.length; index += 1) {
      const { kind, text, source } = this.#tokens[index] as Token;
      if (source === '{') {
        groups += 1;
        if (this.#isWord(index - 1, 'EXISTS') && outside === 0) outside = groups;
      } else if (source === '}') {
        if (outside === groups) outside = 0;
        groups -= 1;
        if (groups === 0) return false;
      } else if (source === '(') parentheses += 1;
      else if (source === ')') parentheses -= 1;
      else if (kind === 'variable' && text === name && parentheses === 0 && outside === 0) return true;
    }
    return false;
  }
}

function prefixOf(name: string): string {
  return name.slice(0, name.indexOf(':')).toUpperCase();
}

function illFormed(text: string): QueryProblem {
  return { isIllFormed: true, text };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let before = '';
  for (const match of text.matchAll(new RegExp(TOKEN, 'gsuy'))) {
    const [source] = match;
    const { space, variable, word, name, iri } = match.groups ?? {};
    if (space !== undefined) {
      before += source;
      continue;
    }
    if (variable !== undefined) tokens.push({ kind: 'variable', text: variable, before, source });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toUpperCase(), before, source });
    else if (name !== undefined) tokens.push({ kind: 'name', text: source, before, source });
    else if (iri !== undefined) tokens.push({ kind: 'iri', text: source, before, source });
    else tokens.push({ kind: 'other', text: source, before, source });
    before = '';
  }
  // Without it, a comment at the end would go on in the text that is put after the query.
  tokens.push({ kind: 'other', text: '', before: `${before}\n`, source: '' });
  return tokens;
}

/** Skips `PREFIX name: <iri>` and `BASE <iri>`. */
function startOf(tokens: readonly Token[]): number {
  let index = 0;
  for (;;) {
    const token = tokens[index];
    if (token?.kind === 'word' && token.text === 'PREFIX') index += 3;
    else if (token?.kind === 'word' && token.text === 'BASE') index += 2;
    else return token?.kind === 'word' ? index : -1;
  }
}
