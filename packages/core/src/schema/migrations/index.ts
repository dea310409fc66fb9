import { originalSchema } from './0001-original-schema.ts';
import { indexes } from './0002-indexes.ts';
import { foreignTimes } from './0003-foreign-times.ts';
import type { Migration } from './migration.ts';

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [originalSchema, indexes, foreignTimes];

/** Schema version that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;
