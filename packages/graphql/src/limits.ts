/** Limits of an operation, counted before it runs. Depth and cost are of the document, with its fragments spread. */
import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** Longest document, in characters. */
export const MAX_DOCUMENT_CHARACTERS: number = 64 * 1024;
/** Tokens of a document. Introspection stays below. */
export const MAX_TOKENS = 2000;
/** Levels of fields. Introspection stays below. */
export const MAX_DEPTH = 15;
/** Cost of an operation: 1 for a field, {@link EXPENSIVE_COST} for one that reads many rows. */
export const MAX_COST = 1000;
/** Rows of a page. */
export const MAX_PAGE_ROWS = 100;
/** Characters of rows in one answer. */
export const MAX_ANSWER_CHARACTERS: number = 16 * 1024 * 1024;

/** Cost of a field that reads a page, or more: ten of them are an operation. */
const EXPENSIVE_COST = 100;
const EXPENSIVE: ReadonlySet<string> = new Set([
  'receipts',
  'memories',
  'auditTrail',
  'analytics',
  'timeSeries',
  'verify',
  'totalCount',
]);

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
    const size = fragment ? ofSelections(fragment.selectionSet) : { depth: 0, cost: 0 };
    ofFragments.set(name, size);
    return size;
  };
  const ofField = ({ name, selectionSet }: FieldNode): Size => {
    const below = selectionSet === undefined ? { depth: 0, cost: 0 } : ofSelections(selectionSet);
    const own = EXPENSIVE.has(name.value) ? EXPENSIVE_COST : 1;
    return { depth: below.depth + 1, cost: below.cost + own };
  };
  const ofSelections = ({ selections }: SelectionSetNode): Size => {
    let [depth, cost] = [0, 0];
    for (const selection of selections) {
      let size: Size;
      if (selection.kind === Kind.FIELD) size = ofField(selection);
      else if (selection.kind === Kind.INLINE_FRAGMENT) size = ofSelections(selection.selectionSet);
      else size = ofFragment(selection.name.value);
      depth = Math.max(depth, size.depth);
      // Bounded, since fragments that spread fragments grow by powers.
      cost = Math.min(cost + size.cost, MAX_COST + 1);
    }
    return { depth, cost };
  };
  return {
    OperationDefinition(operation) {
      const { depth, cost } = ofSelections(operation.selectionSet);
      const report = (message: string): void =>
        context.reportError(
          new GraphQLError(message, { nodes: operation, extensions: { code: 'QUERY_TOO_LARGE' } }),
        );
      if (depth > MAX_DEPTH) report(`The operation has ${depth} levels, and ${MAX_DEPTH} are the most`);
      if (cost > MAX_COST) report(`The operation costs more than ${MAX_COST}: ask for less in one`);
    },
  };
}
