/** Databases whose schema is made to harm the program that opens them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { TrialHarness } from './hostile-files/trial-harness.ts';
import type { Outcome } from './hostile-files/trials.ts';
import { nativeSqlite } from '../../../../tests/support/native-sqlite.ts';

const fixture = new TrialHarness();

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';
const inSchema = (change: string): string =>
  `.dbconfig defensive off\nPRAGMA writable_schema=ON;\n${change};\nPRAGMA writable_schema=RESET;`;

/** Statements run on an intact database, and the result of opening it afterwards. */
const cases: readonly (readonly [title: string, sql: string, opening: string])[] = [
  [
    'a trigger that deletes what was saved',
    'CREATE TRIGGER t AFTER INSERT ON receipts BEGIN DELETE FROM receipts; END',
    'SCHEMA_MISMATCH',
  ],
  [
    'a trigger that writes elsewhere',
    'CREATE TABLE spy(x); CREATE TRIGGER t AFTER INSERT ON agent_memory BEGIN INSERT INTO spy VALUES (NEW.memory_json); END',
    'SCHEMA_MISMATCH',
  ],
  [
    'a trigger that never ends',
    'CREATE TRIGGER t BEFORE DELETE ON audit_log BEGIN SELECT count(*) FROM audit_log a, audit_log b, audit_log c, audit_log d, audit_log e, audit_log f; END',
    'SCHEMA_MISMATCH',
  ],
  [
    'a trigger on an update of the metadata',
    'CREATE TRIGGER t AFTER UPDATE ON _schema_metadata BEGIN DELETE FROM receipts; END',
    'SCHEMA_MISMATCH',
  ],
  [
    'a CHECK constraint that never ends',
    inSchema(
      `UPDATE sqlite_schema SET sql = replace(sql, 'duration_ms INTEGER', 'duration_ms INTEGER CHECK (hex(zeroblob(9999)) NOT LIKE ''%0%0%0%0%0%0%0%0%1'')') WHERE name = 'receipts'`,
    ),
    'SCHEMA_MISMATCH',
  ],
  [
    'a generated column',
    'ALTER TABLE receipts ADD COLUMN g AS (hex(zeroblob(400000000)))',
    'SCHEMA_MISMATCH',
  ],
  ['an index on an expression', 'CREATE INDEX i ON audit_log(lower(details))', 'SCHEMA_MISMATCH'],
  [
    'a view in place of a table',
    'ALTER TABLE receipts RENAME TO bills; CREATE VIEW receipts AS SELECT * FROM bills',
    'SCHEMA_MISMATCH',
  ],
  [
    'a view of itself',
    'DROP TABLE receipts; CREATE VIEW receipts AS SELECT * FROM receipts',
    'SCHEMA_MISMATCH',
  ],
  [
    'a view that never ends',
    `DROP TABLE audit_log; CREATE VIEW audit_log AS ${ENDLESS} SELECT i AS audit_id FROM n`,
    'SCHEMA_MISMATCH',
  ],
  [
    'a virtual table without its module',
    inSchema(
      `DROP TABLE audit_log; INSERT INTO sqlite_schema VALUES ('table', 'audit_log', 'audit_log', 0, 'CREATE VIRTUAL TABLE audit_log USING nothing(x)')`,
    ),
    'CORRUPT',
  ],
  [
    'a table WITHOUT ROWID',
    `DROP TABLE agent_memory; CREATE TABLE agent_memory(memory_id PRIMARY KEY, agent_id UNIQUE, agent_type, memory_json, last_updated, version) WITHOUT ROWID`,
    'SCHEMA_MISMATCH',
  ],
  [
    'a table whose definition is not SQL',
    inSchema("UPDATE sqlite_schema SET sql = 'CREATE TABLE receipts(' WHERE name = 'receipts'"),
    'CORRUPT',
  ],
  ['a table at page 1', inSchema("UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'receipts'"), 'CORRUPT'],
  [
    'a table whose root page is beyond the end of the file',
    inSchema("UPDATE sqlite_schema SET rootpage = 2147483646 WHERE name = 'receipts'"),
    'CORRUPT',
  ],
  [
    'an index on the root page of another',
    inSchema(
      "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'idx_receipts_status') WHERE name = 'idx_audit_log_agent'",
    ),
    'opened',
  ],
  [
    'an index with an expected name on other columns',
    'DROP INDEX idx_receipts_agent; CREATE INDEX idx_receipts_agent ON receipts(status)',
    'opened',
  ],
  [
    'an index with an expected name on another table',
    'DROP INDEX idx_receipts_agent; CREATE TABLE x(y); CREATE INDEX idx_receipts_agent ON x(y)',
    'opened',
  ],
  [
    'an index with an expected name that is partial',
    "DROP INDEX idx_receipts_status; CREATE INDEX idx_receipts_status ON receipts(status) WHERE status = 'x'",
    'opened',
  ],
  [
    'false statistics',
    "ANALYZE; UPDATE sqlite_stat1 SET stat = '-1 x 99999999999999999999 1 1 1 1 1 1'",
    'opened',
  ],
  [
    'two thousand columns',
    `CREATE TABLE wide(${Array.from({ length: 2000 }, (_, n) => `c${n}`).join()})`,
    'opened',
  ],
  [
    'fifteen hundred tables',
    Array.from({ length: 1500 }, (_, n) => `CREATE TABLE t${n}(x);`).join(''),
    'opened',
  ],
  [
    'metadata that is JSON of the wrong kind',
    `UPDATE _schema_metadata SET value = '{"checksum":{"toString":1}}' WHERE key = 'migration_0001'`,
    'SCHEMA_MISMATCH',
  ],
  [
    'a newer program whose name is not text',
    `UPDATE _schema_metadata SET value = '9999' WHERE key = 'schema_version'; INSERT INTO _schema_metadata VALUES ('migration_9999', '{"program":{"toString":1}}', '')`,
    'NEWER_SCHEMA',
  ],
  [
    'a count of imported receipts that is not a number',
    `INSERT INTO _schema_metadata VALUES ('adopted_receipts', '{}', '')`,
    'opened',
  ],
];

describe('a hostile schema', () => {
  let outcomes: readonly Outcome[] = [];

  beforeAll(async () => {
    const jobs = cases.map(([, sql]) => {
      const path = fixture.copyOfIntact(0);
      nativeSqlite(path, ...sql.split('\n'));
      return { base: 0, path };
    });
    outcomes = await fixture.try(jobs);
  });

  it.for(cases.map(([title, , opening], index) => ({ title, opening, index })))(
    '$title: $opening',
    ({ opening, index }) => {
      expect(outcomes[index]).toMatchObject({ opening, broken: [] });
    },
  );
});
