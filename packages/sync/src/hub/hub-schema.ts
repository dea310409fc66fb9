/** Tables of a hub. The types are those that SQLite and PostgreSQL share; hashes are hexadecimal digits. */
import { randomUUID } from 'node:crypto';
import { DEFAULT_TENANT } from '../contract/tenant.ts';
import { SyncError } from '../errors.ts';
import type { HubSession, HubTable } from './hub-database.ts';

/** Version 1 had no tenants, and version 2 no checkpoints. */
const SCHEMA_VERSION = 3;

/** The version. It is of no tenant. */
const SCHEMA: HubTable = {
  name: 'ggen_schema',
  columns: { version: 'BIGINT NOT NULL' },
  keys: 'PRIMARY KEY (version)',
};

/**
 * A row for each tenant. Each push updates it first, so pushes of a tenant are one after the other, and positions are in the
 * order of commits: a reader that has a position has everything before it.
 */
export const HUB: HubTable = {
  name: 'ggen_hub',
  columns: { tenant: 'TEXT NOT NULL', hub_id: 'TEXT NOT NULL', position: 'BIGINT NOT NULL' },
  keys: 'PRIMARY KEY (tenant)',
};

/** The end of the chain of each database. */
export const ORIGINS: HubTable = {
  name: 'ggen_origins',
  columns: {
    tenant: 'TEXT NOT NULL',
    origin: 'TEXT NOT NULL',
    seq: 'BIGINT NOT NULL',
    chain: 'TEXT NOT NULL',
  },
  keys: 'PRIMARY KEY (tenant, origin)',
};

/** The chain of each database. The primary key keeps an entry from being stored twice. */
export const ENTRIES: HubTable = {
  name: 'ggen_entries',
  columns: {
    tenant: 'TEXT NOT NULL',
    origin: 'TEXT NOT NULL',
    seq: 'BIGINT NOT NULL',
    leaf: 'TEXT NOT NULL',
    chain: 'TEXT NOT NULL',
  },
  keys: 'PRIMARY KEY (tenant, origin, seq)',
};

/**
 * What others have to know. `change_key` is the hash of a row, which is the same in every database, and the chain at a removal,
 * which is the same only in copies of one file: nothing is delivered twice.
 */
export const CHANGES: HubTable = {
  name: 'ggen_changes',
  columns: {
    tenant: 'TEXT NOT NULL',
    position: 'BIGINT NOT NULL',
    change_key: 'TEXT NOT NULL',
    origin: 'TEXT NOT NULL',
    seq: 'BIGINT NOT NULL',
    kind: 'TEXT NOT NULL',
    table_name: 'TEXT NOT NULL',
    record_id: 'TEXT NOT NULL',
    leaf: 'TEXT NOT NULL',
    parent: 'TEXT',
    content: 'TEXT',
    leaves: 'TEXT',
    reason: 'TEXT',
  },
  keys: 'PRIMARY KEY (tenant, position), UNIQUE (tenant, change_key)',
};

/**
 * A random id for each push, and the position up to which it came. A hub that was restored from a backup gives out its
 * positions anew, under other ids.
 */
export const PUSHES: HubTable = {
  name: 'ggen_pushes',
  columns: { tenant: 'TEXT NOT NULL', position: 'BIGINT NOT NULL', push_id: 'TEXT NOT NULL' },
  keys: 'PRIMARY KEY (tenant, position)',
};

/**
 * The largest tree of each database that was cosigned: number of its entries, number of the last one, and the roots of its
 * complete subtrees in hexadecimal digits, from which the next one goes on.
 */
export const CHECKPOINTS: HubTable = {
  name: 'ggen_checkpoints',
  columns: {
    tenant: 'TEXT NOT NULL',
    origin: 'TEXT NOT NULL',
    size: 'BIGINT NOT NULL',
    seq: 'BIGINT NOT NULL',
    roots: 'TEXT NOT NULL',
  },
  keys: 'PRIMARY KEY (tenant, origin)',
};

/** The tables that version 1 had as well. */
const FIRST_TABLES: readonly HubTable[] = [HUB, ORIGINS, ENTRIES, CHANGES, PUSHES];

/** The tables with rows of tenants. */
export const TENANT_TABLES: readonly HubTable[] = [...FIRST_TABLES, CHECKPOINTS];

const INDEX = 'ggen_changes_of_record';
const CREATE_INDEX = `CREATE INDEX ${INDEX} ON ggen_changes (tenant, table_name, record_id)`;

/** Creates what is missing, also the row of the tenant. @returns the id of the hub of the tenant */
export async function prepareHub(session: HubSession): Promise<string> {
  if (!(await session.hasTable(SCHEMA.name))) await createTables(session);
  if ((await readVersion(session)) === 2) await addCheckpoints(session);
  const version = await readVersion(session);
  if (version !== SCHEMA_VERSION) throw otherVersion(version);
  const { tenant } = session;
  if (tenant !== DEFAULT_TENANT) await session.assertIsolated(TENANT_TABLES);
  await session.insert(HUB, [[tenant, randomUUID(), 0]], true);
  const [hub] = await session.query('SELECT hub_id FROM ggen_hub WHERE tenant = $1', [tenant]);
  return String(hub?.[0]);
}

async function readVersion(session: HubSession): Promise<number> {
  const [row] = await session.query(`SELECT max(version) FROM ${SCHEMA.name}`);
  return Number(row?.[0]);
}

/** Migrates version 2. */
async function addCheckpoints(session: HubSession): Promise<void> {
  await session.lockSchema();
  // Another server may have done it meanwhile.
  if ((await readVersion(session)) !== 2) return;
  await session.query(createSql(CHECKPOINTS));
  await session.isolate([CHECKPOINTS]);
  await session.query(`UPDATE ${SCHEMA.name} SET version = $1`, [SCHEMA_VERSION]);
}

async function createTables(session: HubSession): Promise<void> {
  await session.lockSchema();
  if (await session.hasTable(SCHEMA.name)) return;
  const hasOther = await session.hasTable(HUB.name);
  if (hasOther) await setAside(session);
  await session.query(createSql(SCHEMA));
  await session.insert(SCHEMA, [[SCHEMA_VERSION]]);
  for (const table of TENANT_TABLES) await session.query(createSql(table));
  await session.query(CREATE_INDEX);
  if (hasOther) await takeOver(session);
  await session.isolate(TENANT_TABLES);
}

function createSql({ name, columns, keys }: HubTable): string {
  const parts = Object.entries(columns).map(([column, type]) => `${column} ${type}`);
  return `CREATE TABLE ${name} (${[...parts, keys].join(', ')})`;
}

/** Renames the tables of version 1. */
async function setAside(session: HubSession): Promise<void> {
  const [row] = await session.query('SELECT schema_version FROM ggen_hub');
  if (Number(row?.[0]) !== 1) throw otherVersion(row?.[0]);
  await session.query(`DROP INDEX IF EXISTS ${INDEX}`);
  for (const { name } of FIRST_TABLES) await session.query(`ALTER TABLE ${name} RENAME TO ${name}_1`);
}

/** Gives the rows of version 1 to the tenant that there is without any. */
async function takeOver(session: HubSession): Promise<void> {
  for (const { name, columns } of FIRST_TABLES) {
    const others = Object.keys(columns).filter((column) => column !== 'tenant');
    const list = others.join(', ');
    await session.query(
      `INSERT INTO ${name} (tenant, ${list}) SELECT CAST($1 AS TEXT), ${list} FROM ${name}_1`,
      [DEFAULT_TENANT],
    );
    await session.query(`DROP TABLE ${name}_1`);
  }
}

function otherVersion(version: unknown): SyncError {
  return new SyncError(
    'SYNC_INVALID',
    `The hub has schema version ${String(version)}, not ${SCHEMA_VERSION}`,
    {
      hint: 'Use the version of the program that created or last updated it.',
    },
  );
}
