/** Keys, signatures and proofs in a page, with a key of Web Crypto that never leaves the browser. */
import { expect, it } from 'vitest';
import {
  attestReceipt,
  cosignCheckpoint,
  cosignerOf,
  generateCosignerKeys,
  generateNoteKeys,
  openPersistence,
  signerOf,
  signNote,
  verifierKeyOf,
  verifyAttestation,
  verifyProof,
  type ReceiptRow,
} from '../../src/index.ts';
import { receiptOf, upTo } from '../../src/testing/persistence-case.ts';

it('signs with the text of a key as Node does', async () => {
  const signer = await signerOf(
    'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  );
  expect(verifierKeyOf(signer)).toBe('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  expect(await signNote(text, signer)).toContain(
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
  );
});

it('signs with a key that cannot be extracted, and verifies a proof', async () => {
  await using db = await openPersistence({ storage: 'memory', worker: false });
  const [saved] = await db.saveReceipts(upTo(5).map((n) => receiptOf(`e-${n}`)));
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  const signer = {
    name: 'example.com/page',
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    sign: async (message: Uint8Array) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, Uint8Array.from(message))),
  };
  const checkpoint = await signNote((await db.checkpoint()).text, signer);
  const proof = await db.prove({ receiptId: saved?.receiptId ?? '' });
  const evidence = { checkpoint, verifierKey: verifierKeyOf(signer) };
  expect(await verifyProof(proof, evidence)).toMatchObject({ size: 5 });
  const hub = await generateCosignerKeys('hub.example');
  const cosigned = await cosignCheckpoint(checkpoint, await cosignerOf(hub.signerKey), new Date(1e12));
  expect(await verifyProof(proof, { checkpoint: cosigned, verifierKey: hub.verifierKey })).toMatchObject({
    cosignedAt: '2001-09-09T01:46:40.000Z',
  });
  const [row] = await db.queryReceipts();
  const envelope = await attestReceipt(row as ReceiptRow, signer);
  expect((await verifyAttestation(envelope, evidence.verifierKey)).predicate).toEqual(row);
  const { verifierKey } = await generateNoteKeys('example.com/page');
  await expect(verifyProof(proof, { checkpoint, verifierKey })).rejects.toMatchObject({
    code: 'PROOF_INVALID',
  });
});
