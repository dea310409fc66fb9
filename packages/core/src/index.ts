export { changeKey, openPersistence, restoreToNewFile } from './open-persistence.ts';
export { PersistenceError, type PersistenceErrorCode, type PersistenceErrorDetails } from './api/errors.ts';
export type * from './api/persistence.ts';
export { AUDIT_STATUSES, EXPORT_FORMATS } from './api/audit.ts';
export { RECEIPT_STATUSES } from './api/receipts.ts';
export { ANALYTICS_PERIODS } from './api/reports.ts';
export { TIME_BUCKETS, TIME_SERIES_GROUPS } from './api/time-series.ts';
export { PROGRAM_VERSION } from './api/program-version.ts';
export { SCHEMA_VERSION } from './schema/migrations/index.ts';
export { encodeEvent } from './exports/event-encoding.ts';
export { encodeJsonValue } from './exports/json-values.ts';
export { encodeRows, type EncodedColumn, type RowEncoding } from './exports/row-encoding.ts';
export { columnsOfSqlResult } from './exports/sql-columns.ts';
export {
  attestReceipt,
  compareStatement,
  receiptStatement,
  verifyAttestation,
} from './transparency/attestation.ts';
export { databaseOfCheckpoint, parseCheckpoint, verifyCheckpoint } from './transparency/checkpoint.ts';
export {
  cosignCheckpoint,
  cosignerKeyOf,
  cosignerOf,
  generateCosignerKeys,
} from './transparency/cosignature.ts';
export { signEnvelope, verifyEnvelope } from './transparency/dsse.ts';
export { MerkleTree } from './transparency/merkle-tree.ts';
export {
  generateNoteKeys,
  signerOf,
  signNote,
  verifierKeyOf,
  verifyNote,
  type NoteKeys,
} from './transparency/signed-note.ts';
export { verifyProof } from './transparency/verify-proof.ts';
export { verifyWrittenProof } from './transparency/written-proof.ts';
export { showTime, toFileStamp } from './validation/timestamps.ts';
export { errorReasonOf, type ErrorReason } from './tables/error-reason.ts';
export { columnsOfTable } from './tables/index.ts';
export { TABLE_NAMES } from './tables/table-names.ts';
export { parseRedacted } from './tables/redaction.ts';
