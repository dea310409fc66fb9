/**
 * Recognises the schema of a database that this program created and nobody has changed, by its text. SQLite makes everything
 * else of that text, so what the checks of `table-check.ts` would find is known: nothing. They are dozens of statements, and
 * a third of what a short command costs.
 */
import { sha256Hex } from '#hashing/sha256';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';

/** SHA-256 of the schemas that `migrate` makes in an empty database: without a change log, and with one. */
const OWN_SCHEMAS: ReadonlySet<string> = new Set([
  '772b63344cfc865832c6a79ed0e71a720adc2d0cfac9b6277e7467eac584d7dc',
  '234a26a285f1fac83ddc3603d4678b3deb475bc8f4dc6b2e80ba4506d99d050c',
]);

/** More rows than this program's schemas have. */
const ROWS_READ = 64;

/** True for a schema that consists of exactly the tables and indexes that this version of the program creates. */
export function isOwnSchema(connection: SqliteConnection): boolean {
  return OWN_SCHEMAS.has(schemaHash(connection));
}

/** Returns the SHA-256 of a schema's rows in an order of their own: VACUUM writes them in another one. */
export function schemaHash(connection: SqliteConnection): string {
  const rows = connection.all(`SELECT type, name, tbl_name, sql FROM sqlite_schema LIMIT ${ROWS_READ}`);
  return sha256Hex(
    rows
      .map((row) => JSON.stringify(row))
      .toSorted()
      .join('\n'),
  );
}
