/** Retention policies. Each is a row of `_schema_metadata` with the key `retention:NAME` and the policy as JSON. */
import { PersistenceError } from '../api/errors.ts';
import type { RetentionPolicy } from '../api/persistence.ts';
import type { SqliteConnection } from '../engine/sqlite-connection.ts';
import { METADATA_TABLE, removeMetadata, writeMetadata } from './metadata.ts';

/** What the keys of policies begin with. */
export const POLICY_PREFIX = 'retention:';

/** Stores a policy, in place of the one with its name. The caller holds a transaction. */
export function writePolicy(
  connection: SqliteConnection,
  { name, ...policy }: RetentionPolicy,
  now: Date,
): void {
  writeMetadata(connection, `${POLICY_PREFIX}${name}`, JSON.stringify(policy), now);
}

/** Removes a policy. The caller holds a transaction. @returns false when there is none of this name */
export function deletePolicy(connection: SqliteConnection, name: string): boolean {
  return removeMetadata(connection, `${POLICY_PREFIX}${name}`);
}

/**
 * Lists the policies, by their names. Their members are those that were stored: check them before they are used.
 * @throws {PersistenceError} INVALID_JSON for what another program stored
 */
export function readPolicies(connection: SqliteConnection, operation: string): RetentionPolicy[] {
  return connection
    .all(`SELECT key, value FROM ${METADATA_TABLE} WHERE key >= ? AND key < 'retention;' ORDER BY key`, [
      POLICY_PREFIX,
    ])
    .map(([key, value]) => {
      const name = String(key).slice(POLICY_PREFIX.length);
      return Object.assign(parsePolicy(operation, name, String(value)), { name });
    });
}

function parsePolicy(operation: string, name: string, text: string): RetentionPolicy {
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy === 'object' && policy !== null) return policy as RetentionPolicy;
  } catch {
    // Refused below.
  }
  throw new PersistenceError(
    'INVALID_JSON',
    `The retention policy ${JSON.stringify(name)} is not one of this program`,
    {
      operation,
      hint: 'Remove it (`removeRetentionPolicy`), or set it again.',
    },
  );
}
