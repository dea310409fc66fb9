/** Receipts as in-toto statements (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) in DSSE envelopes. */
import { sha256Hex } from '#hashing/sha256';
import { PersistenceError } from '../api/errors.ts';
import type { DsseEnvelope, NoteSigner, ReceiptStatement } from '../api/proofs.ts';
import type { ReceiptRow } from '../api/receipts.ts';
import { columnsOfTable } from '../tables/index.ts';
import { parseRedacted } from '../tables/redaction.ts';
import { signEnvelope, verifyEnvelope } from './dsse.ts';
import { invalidProof } from './signed-note.ts';

/** Media type of in-toto statements in JSON. */
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** Type of the predicate: the columns of a receipt, by the names of the interface. */
const PREDICATE_TYPE = 'https://ggen-sim.dev/receipt/v1';

/**
 * Makes the statement of a receipt: its subject is the JSON of the receipt by its SHA-256, its predicate the whole row.
 * @throws {PersistenceError} `INVALID_ARGUMENT` for a receipt that was redacted, or whose JSON is no text
 */
export function receiptStatement(row: ReceiptRow): ReceiptStatement {
  const { receiptId, receiptJson } = row;
  if (typeof receiptId !== 'string' || typeof receiptJson !== 'string')
    throw refused('The receipt is no text');
  if (parseRedacted(receiptJson) !== undefined) throw refused('The receipt was redacted');
  const predicate = Object.fromEntries(
    columnsOfTable('receipts').map(({ field }) => [field, row[field as keyof ReceiptRow] ?? null]),
  );
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: receiptId, digest: { sha256: sha256Hex(receiptJson) } }],
    predicateType: PREDICATE_TYPE,
    predicate: predicate as unknown as ReceiptRow,
  };
}

/**
 * Signs the statement of a receipt.
 * @throws {PersistenceError} `INVALID_ARGUMENT`
 */
export function attestReceipt(row: ReceiptRow, signer: NoteSigner): Promise<DsseEnvelope> {
  const payload = new TextEncoder().encode(JSON.stringify(receiptStatement(row)));
  return signEnvelope(PAYLOAD_TYPE, payload, signer);
}

/**
 * Verifies an attestation of a receipt: that the key signed it, that it is a statement of a receipt, and that its subject is
 * the receipt in its predicate. It needs no database and works offline, also in a page.
 * @param verifierKey - the text of the public key that must have signed it
 * @throws {PersistenceError} `PROOF_INVALID`; `INVALID_ARGUMENT` for what is no envelope of a statement, or no key
 */
export async function verifyAttestation(
  envelope: DsseEnvelope,
  verifierKey: string,
): Promise<ReceiptStatement> {
  const payload = await verifyEnvelope(envelope, PAYLOAD_TYPE, verifierKey);
  const statement = parse(payload);
  const { _type, predicateType, subject, predicate } = statement;
  if (_type !== STATEMENT_TYPE || predicateType !== PREDICATE_TYPE) {
    throw refused(
      `The envelope holds no statement of a receipt (${JSON.stringify(predicateType ?? _type ?? null)})`,
    );
  }
  const { receiptId, receiptJson } = (predicate ?? {}) as Partial<ReceiptRow>;
  const [first, ...others] = Array.isArray(subject) ? subject : [];
  if (
    typeof receiptJson !== 'string' ||
    others.length > 0 ||
    first?.name !== receiptId ||
    first?.digest?.sha256 !== sha256Hex(receiptJson)
  ) {
    throw invalidProof('The subject of the statement is not the receipt in its predicate');
  }
  return statement as ReceiptStatement;
}

/**
 * Compares a verified statement with a stored receipt.
 * @returns the columns that differ; none where it is the same receipt, or one of the same content that was redacted since
 */
export function compareStatement(
  { subject, predicate }: ReceiptStatement,
  row: ReceiptRow,
): readonly string[] {
  const redacted = parseRedacted(row.receiptJson);
  return columnsOfTable('receipts').flatMap(({ column, field }) => {
    const name = field as keyof ReceiptRow;
    const isSame =
      name === 'receiptJson' && redacted !== undefined
        ? subject[0].digest.sha256 === redacted.sha256
        : (predicate[name] ?? null) === (row[name] ?? null);
    return isSame ? [] : [column];
  });
}

function parse(payload: Uint8Array): Partial<ReceiptStatement> {
  try {
    const statement: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof statement === 'object' && statement !== null) return statement;
  } catch {
    // Refused below.
  }
  throw refused('The payload of the envelope is no JSON object');
}

function refused(message: string): PersistenceError {
  return new PersistenceError('INVALID_ARGUMENT', message, { operation: 'attestation' });
}
