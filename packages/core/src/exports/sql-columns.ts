import type { SqlResult } from '../api/persistence.ts';
import type { EncodedColumn } from './row-encoding.ts';

/**
 * Returns the columns of a result of `querySql` as `encodeRows` takes them: the fields of a row are its positions. The names
 * are told apart, because a JSON object has each name once: of two columns `n`, the second one becomes `n_2`.
 */
export function columnsOfSqlResult({ columns }: Pick<SqlResult, 'columns'>): readonly EncodedColumn[] {
  const names = new Set<string>();
  for (const column of columns) {
    let name = column;
    for (let copy = 2; names.has(name); copy += 1) name = `${column}_${copy}`;
    names.add(name);
  }
  return [...names].map((column, position) => ({ column, field: String(position) }));
}
