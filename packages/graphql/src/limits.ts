/** Limits of an operation, counted before it runs. Depth and cost are of the document, with its fragments spread. */
import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';
import { graphqlError } from './errors.ts';

/** Longest document, in characters. */
export const MAX_DOCUMENT_CHARACTERS: number = 64 * 1024;
/** Tokens of a document. Introspection stays below. */
export const MAX_TOKENS = 2000;
/** Levels of fields. Introspection stays below. */
export const MAX_DEPTH = 15;
/** Cost of an operation: 1 for a field, {@link READ_COST} for one that reads the database. */
export const MAX_COST = 1000;
/** Rows of a page. */
export const MAX_PAGE_ROWS = 100;
/** Characters of the names and texts of one answer. */
const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

/** Counts the characters of an answer: the name of each field, and its text. JSON may escape some, and adds its punctuation. */
export class AnswerSize {
  readonly #max: number;
  #characters = 0;
  #isTold = false;

  constructor(max: number = MAX_ANSWER_CHARACTERS) {
    this.#max = max;
  }

  /** Begins the next answer of a subscription. */
  restart(): void {
    this.#characters = 0;
    this.#isTold = false;
  }

  /**
   * Counts a field.
   * @returns its value; or null where the answer is too large, which was told, and the field may be null
   * @throws {GraphQLError} ANSWER_TOO_LARGE
   */
  count(name: string | number, value: unknown, isNeverNull: boolean): unknown {
    this.#characters += String(name).length + (typeof value === 'string' ? value.length : 1);
    if (this.#characters <= this.#max) return value;
    // One error is enough: a field that may be null would add its own in every row.
    if (this.#isTold && !isNeverNull) return null;
    this.#isTold = true;
    throw graphqlError('ANSWER_TOO_LARGE', 'The answer is too large', 'Ask for fewer rows or fields');
  }
}

/** Cost of a field that reads the database: ten of them are an operation. */
const READ_COST = 100;

/** True for a field that reads: those of `Query`, without the schema itself, and the number of all rows of a page. */
const reads = (name: string, isOfQuery: boolean): boolean =>
  name === 'totalCount' || (isOfQuery && !name.startsWith('__'));

interface Size {
  readonly depth: number;
  readonly cost: number;
}

/** A validation rule of graphql-js: refuses operations that are too deep or cost too much. */
export function limitsRule(context: ValidationContext): ASTVisitor {
  const ofFragments = new Map<string, Size>();
  const ofFragment = (name: string): Size => {
    const known = ofFragments.get(name);
    if (known !== undefined) return known;
    // A fragment within itself is refused by another rule.
    ofFragments.set(name, { depth: 0, cost: 0 });
    const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(name);
    const size = fragment
      ? ofSelections(fragment.selectionSet, fragment.typeCondition.name.value === 'Query')
      : { depth: 0, cost: 0 };
    ofFragments.set(name, size);
    return size;
  };
  const ofField = ({ name, selectionSet }: FieldNode, isOfQuery: boolean): Size => {
    const below = selectionSet === undefined ? { depth: 0, cost: 0 } : ofSelections(selectionSet, false);
    const own = reads(name.value, isOfQuery) ? READ_COST : 1;
    return { depth: below.depth + 1, cost: below.cost + own };
  };
  const ofSelections = ({ selections }: SelectionSetNode, isOfQuery: boolean): Size => {
    let [depth, cost] = [0, 0];
    for (const selection of selections) {
      let size: Size;
      if (selection.kind === Kind.FIELD) size = ofField(selection, isOfQuery);
      else if (selection.kind === Kind.INLINE_FRAGMENT)
        size = ofSelections(selection.selectionSet, isOfQuery);
      else size = ofFragment(selection.name.value);
      depth = Math.max(depth, size.depth);
      // Bounded, since fragments that spread fragments grow by powers.
      cost = Math.min(cost + size.cost, MAX_COST + 1);
    }
    return { depth, cost };
  };
  return {
    OperationDefinition(operation) {
      const isQuery = operation.operation === OperationTypeNode.QUERY;
      const { depth, cost } = ofSelections(operation.selectionSet, isQuery);
      const report = (message: string): void =>
        context.reportError(
          new GraphQLError(message, { nodes: operation, extensions: { code: 'QUERY_TOO_LARGE' } }),
        );
      if (depth > MAX_DEPTH) report(`The operation has ${depth} levels, and ${MAX_DEPTH} are the most`);
      if (cost > MAX_COST) report(`The operation costs more than ${MAX_COST}: ask for less in one`);
    },
  };
}
