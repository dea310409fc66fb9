import { originalSchema } from './0001-original-schema.ts';
import { indexes } from './0002-indexes.ts';
import { foreignTimes } from './0003-foreign-times.ts';
import { timeForms } from './0004-time-forms.ts';
import type { Migration } from './migration.ts';

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [originalSchema, indexes, foreignTimes, timeForms];

/** An index that a migration makes, and no later one drops. */
export interface OwnIndex {
  readonly name: string;
  readonly table: string;
  /** The statement that makes it. */
  readonly sql: string;
  /** True when an index of another program may have the name already, and stays. */
  readonly mayBeOther: boolean;
}

/** Lists the indexes that some SQL makes. */
export function indexesIn(sql: string): OwnIndex[] {
  return Array.from(
    sql.matchAll(/CREATE INDEX (IF NOT EXISTS )?(\w+) ON (\w+)[^;]*/g),
    ([definition, mayBeOther, name = '', table = '']) => ({
      name,
      table,
      sql: definition,
      mayBeOther: mayBeOther !== undefined,
    }),
  );
}

/** Indexes of the current schema. */
export const OWN_INDEXES: readonly OwnIndex[] = MIGRATIONS.flatMap(({ sql }, index) => {
  const later = MIGRATIONS.slice(index + 1).map((migration) => migration.sql);
  return indexesIn(sql).filter(
    ({ name }) => !later.some((text) => text.includes(`DROP INDEX IF EXISTS ${name};`)),
  );
});

/** Schema version that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;
