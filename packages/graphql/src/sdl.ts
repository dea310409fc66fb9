/** The schema, in the schema definition language (https://spec.graphql.org/October2021/#sec-Type-System). */

const AGENT_FILTERS = `
  "SQL LIKE pattern of agent ids; * means %"
  agent: String
  "One agent, compared exactly. Excludes agent"
  agentExact: String`;

const TIME_AND_TEXT_FILTERS = `
  "This time or later: 2026-01-31, an ISO 8601 time, or a span before now such as 2h"
  since: String
  "Before this time, given as for since"
  until: String
  "Text that the row contains"
  text: String
  "Conditions on the stored JSON that must all hold, such as $.files_generated > 10"
  where: [String!]`;

const AGENT_TYPE = `
  "Compared exactly, or the beginning of it with * at the end"
  agentType: String`;

const STATUS = `
  "Status, or several of them"
  status: [String!]`;

const OPERATION = `
  "Compared exactly, or the beginning of it with * at the end"
  operation: String
  "Compared exactly, or the beginning of it with * at the end"
  operationType: String`;

const EXECUTION = `
  "Compared exactly, or the beginning of it with * at the end"
  execution: String`;

/** Fields of a page of rows. `nodes` instead of `edges`: the database has a cursor for the end of a page, and none for a row. */
const page = (node: string): string => `{
  nodes: [${node}!]!
  pageInfo: PageInfo!
  "Number of all rows that pass the filter"
  totalCount: Int!
}`;

/** The schema as text. */
export const SCHEMA_SDL: string = `
type Query {
  receipts(filter: ReceiptFilter, order: RowOrder = NEWEST_FIRST, first: Int = 20, after: String): ReceiptPage!
  "The JSON of a receipt, byte for byte. Pass one of the two"
  receiptJson(receiptId: ID, executionId: String): String!
  memories(filter: MemoryFilter, order: RowOrder = NEWEST_FIRST, first: Int = 20, after: String): MemoryPage!
  "The JSON of a memory, byte for byte: the current version, another one, or the one at a time"
  memoryJson(agentId: String!, version: Int, at: String): String!
  memoryHistory(agentId: String!): [MemoryVersion!]!
  "Of the last 7 days, unless since or until is given"
  auditTrail(filter: AuditFilter, order: RowOrder = NEWEST_FIRST, first: Int = 20, after: String): AuditPage!
  stats: Stats!
  analytics(period: AnalyticsPeriod = LAST_7_DAYS, agent: String): Analytics!
  timeSeries(filter: TimeSeriesFilter, table: TimeSeriesTable = AUDIT_LOG, bucket: TimeBucket, by: TimeSeriesGroup, period: AnalyticsPeriod): TimeSeriesReport!
  "Checks the whole database, which takes time"
  verify: VerifyReport!
}

"Only for a server that may write"
type Mutation {
  "Saving the identical receipt again does nothing"
  saveReceipt(executionId: String!, agentId: String, agentType: String = "agent", receiptJson: String!, status: ReceiptStatus = SUCCESS, durationMs: Float): SavedReceipt!
  "ifVersion is the version that was read; 0 for a first one"
  saveMemory(agentId: String, agentType: String = "agent", memoryJson: String!, ifVersion: Int!): SavedMemory!
  logAudit(agentId: String, operation: String!, status: AuditStatus!, operationType: String, durationMs: Float, details: String, errorMessage: String): LoggedAudit!
}

type Subscription {
  "Events of the change log. after: id or number of the event to go on after; without it, events from now on"
  changes(after: String, tables: [String!], kinds: [String!], agents: [String!]): Change!
}

input ReceiptFilter {${AGENT_FILTERS}${STATUS}${AGENT_TYPE}${EXECUTION}${TIME_AND_TEXT_FILTERS}
}
input MemoryFilter {${AGENT_FILTERS}${AGENT_TYPE}${TIME_AND_TEXT_FILTERS}
}
input AuditFilter {${AGENT_FILTERS}${STATUS}${OPERATION}${TIME_AND_TEXT_FILTERS}
  "Days to look back. Excludes since"
  days: Int
}
input TimeSeriesFilter {${AGENT_FILTERS}${STATUS}${AGENT_TYPE}${EXECUTION}${OPERATION}${TIME_AND_TEXT_FILTERS}
}

enum RowOrder { NEWEST_FIRST OLDEST_FIRST }
enum ReceiptStatus { SUCCESS ERROR PARTIAL }
enum AuditStatus { STARTED COMPLETED FAILED RETRY }
enum AnalyticsPeriod { LAST_24_HOURS LAST_7_DAYS LAST_30_DAYS LAST_90_DAYS }
enum TimeSeriesTable { RECEIPTS AUDIT_LOG }
enum TimeBucket { HOUR DAY }
enum TimeSeriesGroup { AGENT STATUS OPERATION }

type PageInfo {
  "True when there may be more rows"
  hasNextPage: Boolean!
  "For after of the next page"
  endCursor: String
}
type ReceiptPage ${page('Receipt')}
type MemoryPage ${page('Memory')}
type AuditPage ${page('AuditEntry')}

type Receipt {
  receiptId: ID! executionId: String! agentId: String! agentType: String! receiptJson: String!
  status: String! createdAt: String! updatedAt: String! durationMs: Float
}
type Memory { memoryId: ID! agentId: String! agentType: String! memoryJson: String! lastUpdated: String! version: Int! }
type MemoryVersion { version: Int! agentType: String! lastUpdated: String! sizeBytes: Float! hash: String! }
type AuditEntry {
  auditId: ID! timestamp: String! agentId: String! operation: String! operationType: String
  status: String! durationMs: Float details: String errorMessage: String
}
type Stats {
  receiptsTotal: Int! receiptsSuccess: Int! receiptsError: Int! agentsTracked: Int! auditEntries: Int!
  databaseSizeKb: Float! lastReceipt: String
}
type Analytics { period: String! generatedAt: String! agentMetrics: [AgentMetrics!]! receiptStatistics: [ReceiptStatistics!]! }
type AgentMetrics {
  agentId: String! totalOperations: Int! successfulOperations: Int! failedOperations: Int!
  avgDurationMs: Float minDurationMs: Float maxDurationMs: Float
}
type ReceiptStatistics { status: String! count: Int! avgDurationMs: Float }
type TimeSeriesReport { since: String! until: String! generatedAt: String! series: [TimeSeries!]! }
type TimeSeries { group: String total: TimeSeriesNumbers! before: TimeSeriesNumbers! steps: [TimeSeriesStep!]! }
type TimeSeriesNumbers {
  count: Int! failed: Int! errorShare: Float ratePerHour: Float! p50DurationMs: Float p95DurationMs: Float p99DurationMs: Float
}
type TimeSeriesStep {
  start: String!
  count: Int! failed: Int! errorShare: Float ratePerHour: Float! p50DurationMs: Float p95DurationMs: Float p99DurationMs: Float
}
type VerifyReport {
  ok: Boolean! schemaVersion: Int! receiptsVerified: Int! receiptsImported: Int! receiptsRedacted: Int!
  problemCount: Int! problems: [VerifyProblem!]!
}
type VerifyProblem { check: String! row: String message: String! }

type SavedReceipt { receiptId: ID! created: Boolean! }
type SavedMemory { memoryId: ID! version: Int! }
type LoggedAudit { auditId: ID! }

type Change {
  "For after of another subscription"
  id: ID!
  seq: Int!
  kind: String!
  table: String
  rowId: String
  time: String
  "The row, where the event is of one and the database still holds it"
  row: ChangedRow
}
union ChangedRow = Receipt | Memory | AuditEntry
`;
