/** What is wrong with documents, and where: the errors and violations of a receipt. */
import type { ValidationReceipt } from '@ggen-sim/agents';
import type { Marker } from '../editor/code-editor.ts';
import type { SessionDocument } from '../session/session.ts';
import { prefixesOf } from './prefixes.ts';
import { placeOf, type DocumentPlace } from './violation-location.ts';

/** A receipt, and the documents that it is of. */
export interface CheckedDocuments {
  readonly receipt: ValidationReceipt;
  readonly documents: readonly SessionDocument[];
}

/** A problem at its place. */
export interface LocatedProblem extends Marker {
  readonly documentId: string;
}

/** Violations whose places are looked for; more are no help. */
const MAX_PLACES = 500;

/** Finds the places of a receipt's violations, in their order; undefined for one that is not found. */
export function placesOf({ receipt, documents }: CheckedDocuments): readonly (DocumentPlace | undefined)[] {
  const prefixes = prefixesOf(documents);
  return receipt.violations.slice(0, MAX_PLACES).map((violation) => placeOf(violation, documents, prefixes));
}

/** Lists the located problems: errors first, then violations in the order of their lines. */
export function problemsOf(
  { receipt, documents }: CheckedDocuments,
  places: readonly (DocumentPlace | undefined)[],
): readonly LocatedProblem[] {
  const { error, violations } = receipt;
  const errors = error === null ? [] : [error, ...(error.others ?? [])];
  return [
    ...errors.flatMap(({ name, line, column, message }): LocatedProblem[] => {
      const document = documents.find((each) => each.name === name);
      if (document === undefined || line === null || column === null) return [];
      return [{ documentId: document.id, line, column, message }];
    }),
    ...violations
      .flatMap(({ severity, message }, index): LocatedProblem[] => {
        const place = places[index];
        if (place === undefined) return [];
        return [{ ...place, message, severity: severity.endsWith('Violation') ? 'error' : 'warning' }];
      })
      .toSorted((left, right) => left.line - right.line),
  ];
}
