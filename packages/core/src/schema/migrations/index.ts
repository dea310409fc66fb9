import { originalSchema } from './0001-original-schema.ts';
import { indexes } from './0002-indexes.ts';

/** One step of the schema. Once shipped it never changes: its checksum is in every database that took it. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** Every step, in order. */
export const migrations: readonly Migration[] = [originalSchema, indexes];

/** The schema this program writes. */
export const SCHEMA_VERSION: number = migrations.length;
