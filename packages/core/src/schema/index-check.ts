/**
 * Checks which rows the indexes of a table let it hold. This program finds a row by a unique column. A unique index that
 * another program made, over other columns or with another collating sequence, would refuse a row or take it for another:
 * SQLite's upsert even accepts an index on `agent_id COLLATE NOCASE` as the one of `ON CONFLICT (agent_id)`.
 */
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { dropping, REMAKE_TABLE, type SchemaProblem } from './schema-problem.ts';

/** The parts of a required table that indexes matter to. */
interface IndexedTable {
  readonly name: string;
  readonly columns: readonly { readonly column: string }[];
  readonly uniqueColumn: string | undefined;
}

interface UniqueIndex {
  readonly name: string;
  /** True for one that CREATE INDEX made; false for a UNIQUE or PRIMARY KEY constraint. */
  readonly isCreated: boolean;
  readonly isPartial: boolean;
  readonly keys: IndexKey[];
}

interface IndexKey {
  /** Undefined for an expression. */
  readonly column: string | undefined;
  readonly collation: string;
  /** True for a column that this program leaves NULL, and one NULL is never the same as another. */
  readonly isLeftNull: boolean;
}

/**
 * Finds a missing unique key, or a unique index that could refuse or confuse rows of this program.
 * @returns the first problem, or undefined
 */
export function findIndexProblem(
  connection: SqliteConnection,
  { name: table, columns, uniqueColumn }: IndexedTable,
): SchemaProblem | undefined {
  const indexes = uniqueIndexesOf(connection, table, new Set(columns.map(({ column }) => column)));
  const isKey = ({ keys: [key, ...more], isPartial }: UniqueIndex): boolean =>
    key !== undefined && more.length === 0 && !isPartial && isPlain(key) && key.column === uniqueColumn;
  if (uniqueColumn !== undefined && !indexes.some(isKey)) {
    return { reason: `the column ${uniqueColumn} of the table ${table} is not unique` };
  }
  // Rows that differ in one of these differ in every index that has it.
  const ids = new Set([uniqueColumn, columns[0]?.column]);
  const foreign = indexes.find(
    ({ keys }) => !keys.some((key) => isPlain(key) && (key.isLeftNull || ids.has(key.column))),
  );
  if (foreign === undefined) return undefined;
  const { name, isCreated, keys } = foreign;
  const what = isCreated ? `the unique index ${JSON.stringify(name)} on` : 'the constraint UNIQUE';
  return {
    reason: `the table ${table} has ${what} (${keys.map(describeKey).join(', ')}), which would refuse rows or take one for another`,
    wayOut: isCreated ? dropping('INDEX', name) : REMAKE_TABLE,
  };
}

function isPlain({ column, collation }: IndexKey): boolean {
  return column !== undefined && collation.toUpperCase() === 'BINARY';
}

function describeKey({ column, collation }: IndexKey): string {
  if (column === undefined) return 'an expression';
  return collation.toUpperCase() === 'BINARY' ? column : `${column} COLLATE ${collation}`;
}

function uniqueIndexesOf(
  connection: SqliteConnection,
  table: string,
  own: ReadonlySet<string>,
): readonly UniqueIndex[] {
  const rows = connection.all(
    `SELECT list.name, list.origin, list.partial, key.name, key.coll,
        "column".hidden = 0 AND coalesce("column".dflt_value, 'NULL') LIKE 'NULL'
       FROM pragma_index_list(?1) AS list
       JOIN pragma_index_xinfo(list.name) AS key
       LEFT JOIN pragma_table_xinfo(?1) AS "column" ON "column".cid = key.cid
      WHERE list."unique" AND key.key
      ORDER BY list.seq DESC, key.seqno`,
    [table],
  );
  const indexes = new Map<string, UniqueIndex>();
  for (const [name, origin, partial, column, collation, isNullByDefault] of rows) {
    const indexName = String(name);
    const index = indexes.get(indexName) ?? {
      name: indexName,
      isCreated: origin === 'c',
      isPartial: partial !== 0,
      keys: [],
    };
    indexes.set(indexName, index);
    index.keys.push({
      column: column === null ? undefined : String(column),
      collation: String(collation),
      isLeftNull: isNullByDefault === 1 && !own.has(String(column)),
    });
  }
  return [...indexes.values()];
}
