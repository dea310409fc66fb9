import { PersistenceError } from '../api/errors.ts';

/** Why this program cannot use a schema, and what the owner of the database can do about it. */
export interface SchemaProblem {
  /** Names the table, and the column, index or code. */
  readonly reason: string;
  /** @default another file or a backup */
  readonly wayOut?: string;
}

/** Makes a `SCHEMA_MISMATCH`. */
export function schemaMismatch({
  reason,
  wayOut = 'Choose another file, or restore a backup.',
}: SchemaProblem): PersistenceError {
  return new PersistenceError('SCHEMA_MISMATCH', `The database cannot be used: ${reason}`, {
    operation: 'open',
    hint: `The file was left untouched. ${wayOut}`,
  });
}

/** The way out of what SQLite can drop. */
export function dropping(kind: 'INDEX' | 'TRIGGER', name: string): string {
  return `Drop it (DROP ${kind} "${name.replaceAll('"', '""')}"), or choose another file.`;
}

/** The way out of what is part of the definition of a table. */
export const REMAKE_TABLE = 'Make the table again without it, or choose another file.';
