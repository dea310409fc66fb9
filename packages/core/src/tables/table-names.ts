import type { TableName } from '../api/persistence.ts';

/** Every name, in the order of backups and reports. A name that the API has but this record lacks does not compile. */
const NAMES: Readonly<Record<TableName, true>> = { receipts: true, agent_memory: true, audit_log: true };

/** Names of every table. In a file of its own, for programs that need no more of a table than its name. */
export const TABLE_NAMES: readonly TableName[] = Object.keys(NAMES) as TableName[];
