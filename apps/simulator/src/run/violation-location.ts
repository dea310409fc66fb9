/** Finds the line of a violation in the documents: where its focus node is described, at the property that violates. */

/** A document that may describe a focus node. */
export interface SearchedDocument {
  readonly id: string;
  readonly content: string;
}

/** A place in a document. Line and column count from 1. */
export interface DocumentPlace {
  readonly documentId: string;
  readonly line: number;
  readonly column: number;
}

/** What is looked for: terms as receipts write them, `<https://example.org/a>`. */
export interface SearchedViolation {
  readonly focus_node: string;
  readonly path: string | null;
}

/** Lines of a description at most. */
const MAX_DESCRIPTION_LINES = 200;

/**
 * Finds a violation by text: the focus node at the beginning of a line, in full or with a prefix, then the property in the
 * lines of its description. A blank node and a property of a nested shape are not found.
 *
 * @param prefixes - prefix to IRI
 */
export function placeOf(
  { focus_node: focusNode, path }: SearchedViolation,
  documents: readonly SearchedDocument[],
  prefixes: ReadonlyMap<string, string>,
): DocumentPlace | undefined {
  const spellings = spellingsOf(focusNode, prefixes);
  for (const { id, content } of documents) {
    const start = subjectAt(content, spellings);
    if (start === undefined) continue;
    const property = path === null ? undefined : propertyAfter(content, start, spellingsOf(path, prefixes));
    return { documentId: id, ...positionOf(content, property ?? start) };
  }
  return undefined;
}

/** Writes a term in the ways a document may: in angle brackets, and with each prefix that fits. */
function spellingsOf(term: string, prefixes: ReadonlyMap<string, string>): string[] {
  const iri = /^<(.*)>$/su.exec(term)?.[1];
  if (iri === undefined) return [];
  const spellings = [term];
  for (const [prefix, namespace] of prefixes) {
    if (iri.startsWith(namespace)) spellings.push(`${prefix}:${iri.slice(namespace.length)}`);
  }
  return spellings;
}

function subjectAt(content: string, spellings: readonly string[]): number | undefined {
  for (const spelling of spellings) {
    const found = occurrence(content, spelling, 0, content.length, isLineStart);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Looks in the lines of the description, which ends with the line that ends with a full stop. */
function propertyAfter(content: string, start: number, spellings: readonly string[]): number | undefined {
  let end = start;
  for (let lines = 0; lines < MAX_DESCRIPTION_LINES; lines += 1) {
    const lineEnd = content.indexOf('\n', end);
    const line = content.slice(end, lineEnd < 0 ? undefined : lineEnd);
    end = lineEnd < 0 ? content.length : lineEnd + 1;
    if (lineEnd < 0 || /\.\s*(?:#.*)?$/u.test(line)) break;
  }
  const found = spellings.flatMap((spelling) => occurrence(content, spelling, start, end, () => true) ?? []);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** Finds a whole term: `ex:pump` is not in `ex:pump-2`. */
function occurrence(
  content: string,
  spelling: string,
  from: number,
  to: number,
  accepts: (content: string, at: number) => boolean,
): number | undefined {
  for (let at = content.indexOf(spelling, from); at >= 0 && at < to; at = content.indexOf(spelling, at + 1)) {
    const before = content[at - 1] ?? ' ';
    const after = content[at + spelling.length] ?? ' ';
    const isWhole = !/[\p{L}\p{N}_:<-]/u.test(before) && !/[\p{L}\p{N}_:-]/u.test(after);
    if (isWhole && accepts(content, at)) return at;
  }
  return undefined;
}

function isLineStart(content: string, at: number): boolean {
  return content.slice(content.lastIndexOf('\n', at - 1) + 1, at).trim() === '';
}

function positionOf(content: string, at: number): { line: number; column: number } {
  const before = content.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}
