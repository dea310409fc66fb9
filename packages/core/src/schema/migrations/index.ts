import { originalSchema } from './0001-original-schema.ts';
import { indexes } from './0002-indexes.ts';
import type { Migration } from './migration.ts';

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [originalSchema, indexes];

/** Schema version that this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;
