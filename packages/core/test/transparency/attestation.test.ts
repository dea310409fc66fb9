/** Attestations of receipts: by the DSSE specification, read by another implementation, and whatever is wrong is refused. */
import { createPublicKey } from 'node:crypto';
import { crypto as sigstore, dsse } from '@sigstore/core';
import { expect, it } from 'vitest';
import {
  attestReceipt,
  compareStatement,
  generateNoteKeys,
  receiptStatement,
  signerOf,
  verifyAttestation,
  type DsseEnvelope,
  type NoteSigner,
  type ReceiptRow,
} from '../../src/index.ts';
import { receiptOf } from '../../src/testing/persistence-case.ts';
import { preAuthenticationEncoding, signEnvelope } from '../../src/transparency/dsse.ts';
import { createTestDatabase } from '../support/test-database.ts';

const TYPE = 'application/vnd.in-toto+json';

const { signerKey, verifierKey } = await generateNoteKeys('example.com/attestations');
const signer = await signerOf(signerKey);

async function savedRow(receipt: string): Promise<ReceiptRow> {
  const db = await createTestDatabase().open();
  await db.saveReceipt(receiptOf('a', { receipt }));
  return (await db.queryReceipts())[0] as ReceiptRow;
}

it('encodes what is signed as the specification says, and as another implementation does', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const encoded = (type: string, text: string): string =>
    Buffer.from(preAuthenticationEncoding(type, bytes(text))).toString();
  // Test vectors of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md and of its reference implementation.
  expect(encoded('http://example.com/HelloWorld', 'hello world')).toBe(
    'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  );
  expect(encoded('', '')).toBe('DSSEv1 0  0 ');
  for (const text of ['', 'é€𝄞', 'x'.repeat(1000)]) {
    expect(encoded(TYPE, text)).toBe(dsse.preAuthEncoding(TYPE, Buffer.from(text)).toString());
  }
});

it('makes a statement that another implementation verifies, and verifies it itself', async () => {
  const row = await savedRow('{"n": 1, "é": "€"}');
  const envelope = JSON.parse(JSON.stringify(await attestReceipt(row, signer))) as DsseEnvelope;
  const payload = Buffer.from(envelope.payload, 'base64');
  const statement = JSON.parse(payload.toString()) as object;
  expect(statement).toEqual(receiptStatement(row));
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: row.receiptId, digest: { sha256: sigstore.digest('sha256', row.receiptJson).toString('hex') } },
    ],
    predicate: row,
  });
  const x = Buffer.from(signer.publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64');
  expect(sigstore.verify(dsse.preAuthEncoding(TYPE, payload), key, signature)).toBe(true);
  expect(await verifyAttestation(envelope, verifierKey)).toEqual(statement);
  // The URL-safe alphabet is another form of the same, and ids of keys are hints.
  const other = {
    ...envelope,
    signatures: [{ keyid: 'x', sig: 'AAAA' }, { sig: signature.toString('base64url').padEnd(88, '=') }],
  };
  expect(await verifyAttestation(other, verifierKey)).toEqual(statement);
  expect(compareStatement(receiptStatement(row), row)).toEqual([]);
  expect(compareStatement(receiptStatement(row), { ...row, status: 'error', receiptJson: '{}' })).toEqual([
    'receipt_json',
    'status',
  ]);
});

it('refuses what is edited, of another signer, of another kind or no envelope', async () => {
  const row = await savedRow('{"n":1}');
  const envelope = await attestReceipt(row, signer);
  const others = await signerOf((await generateNoteKeys('example.com/attestations')).signerKey);
  const signed = (statement: unknown, by: NoteSigner = signer, type: string = TYPE): Promise<DsseEnvelope> =>
    signEnvelope(type, new TextEncoder().encode(JSON.stringify(statement)), by);
  const statement = receiptStatement(row);
  const [subject] = statement.subject;
  const cases: readonly (readonly [unknown, string])[] = [
    [await attestReceipt(row, others), 'PROOF_INVALID'],
    [{ ...envelope, payload: envelope.payload.replace('eyJ', 'eyK') }, 'PROOF_INVALID'],
    [{ ...envelope, signatures: [] }, 'PROOF_INVALID'],
    [{ ...envelope, signatures: [null, { sig: 5 }, { sig: '' }] }, 'PROOF_INVALID'],
    [
      await signed({ ...statement, subject: [{ ...subject, digest: { sha256: '0'.repeat(64) } }] }),
      'PROOF_INVALID',
    ],
    [await signed({ ...statement, subject: [{ ...subject, name: 'other' }] }), 'PROOF_INVALID'],
    [await signed({ ...statement, subject: [subject, subject] }), 'PROOF_INVALID'],
    [await signed({ ...statement, predicate: { ...row, receiptJson: '{}' } }), 'PROOF_INVALID'],
    [await signed({ ...statement, predicate: null }), 'PROOF_INVALID'],
    [await signed({ ...statement, predicateType: 'https://slsa.dev/provenance/v1' }), 'INVALID_ARGUMENT'],
    [await signed({ ...statement, _type: 'https://in-toto.io/Statement/v0.1' }), 'INVALID_ARGUMENT'],
    [await signed('text'), 'INVALID_ARGUMENT'],
    [await signed(statement, signer, 'text/plain'), 'INVALID_ARGUMENT'],
    [{ ...envelope, payload: '%' }, 'INVALID_ARGUMENT'],
    [{ ...envelope, signatures: Array.from({ length: 101 }, () => ({ sig: 'AAAA' })) }, 'INVALID_ARGUMENT'],
    [{}, 'INVALID_ARGUMENT'],
    [null, 'INVALID_ARGUMENT'],
  ];
  for (const [given, code] of cases) {
    const verifying = verifyAttestation(given as DsseEnvelope, verifierKey);
    await expect(verifying, JSON.stringify(given)).rejects.toMatchObject({ code });
  }
  await expect(verifyAttestation(envelope, 'no key')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(() => receiptStatement({ ...row, receiptJson: new Uint8Array() as unknown as string })).toThrow(
    'no text',
  );
});

it('recognises a receipt that was redacted since, and attests none', async () => {
  const db = await createTestDatabase().open();
  const { receiptId } = await db.saveReceipt(receiptOf('a'));
  const statement = receiptStatement((await db.queryReceipts())[0] as ReceiptRow);
  await db.redactRecord({ receiptId, reason: 'r' });
  const redacted = (await db.queryReceipts())[0] as ReceiptRow;
  expect(compareStatement(statement, redacted)).toEqual([]);
  expect(() => receiptStatement(redacted)).toThrow('redacted');
});
