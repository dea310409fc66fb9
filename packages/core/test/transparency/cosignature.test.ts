/** Cosignatures: one of a public witness, the form of the specification, and what is refused. */
import { createPublicKey, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  attestReceipt,
  cosignCheckpoint,
  cosignerKeyOf,
  cosignerOf,
  generateCosignerKeys,
  generateNoteKeys,
  MerkleTree,
  signerOf,
  signNote,
  verifyAttestation,
  verifyCheckpoint,
  type ReceiptRow,
} from '../../src/index.ts';

/** A checkpoint of a public log, and the cosignature of a public witness with its key. The specification publishes no keys. */
const WITNESS = 'witness.navigli.sunlight.geomys.org';
const WITNESS_KEY = `${WITNESS}+a3e00fe2+BNy/co4C1Hn1p+INwJrfUlgz7W55dSZReusH/GhUhJ/G`;
const COSIGNED = `markovianprotocol.com/log
9266
QnwPzJywq5AyOk9k1zLqfryh6Ktw1CnaaKplELApoxw=

— markovianprotocol.com/log AwLGyIvuxLXZM101mKdNCPTsl9GgtiG/wzbd8cGru0pGnWVMXI06twIsEIZho7n8id+w2EO0BZCalxuEm6BauQGNmgo=
— ${WITNESS} o+AP4gAAAABqwX+So8evhUsltetL+QnwUxEYMNrD25pJYOTFHwDCopbgQMl2AEh583AxfFNMDZzE73rdjK62tUN8oUBfd9p6usq+BA==
`;

const TEXT = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const NOW = new Date('2023-03-20T12:25:47.900Z');

it('verifies the cosignature of a public witness', async () => {
  expect(await verifyCheckpoint(COSIGNED, WITNESS_KEY)).toMatchObject({
    origin: 'markovianprotocol.com/log',
    size: 9266,
    cosignedAt: '2026-10-03T22:20:02.000Z',
  });
  const edited = COSIGNED.replace('\n9266\n', '\n9267\n');
  await expect(verifyCheckpoint(edited, WITNESS_KEY)).rejects.toMatchObject({ code: 'PROOF_INVALID' });
  // The time is signed as well.
  const later = COSIGNED.replace('o+AP4gAAAABqwX+S', 'o+AP4gAAAABqwX+T');
  await expect(verifyCheckpoint(later, WITNESS_KEY)).rejects.toMatchObject({ code: 'PROOF_INVALID' });
});

it('signs what the specification says', async () => {
  const { signerKey, verifierKey } = await generateCosignerKeys('hub.example');
  const cosigner = await cosignerOf(signerKey);
  expect(cosignerKeyOf(cosigner)).toBe(verifierKey);
  const note = await cosignCheckpoint(TEXT, cosigner, NOW);
  const [, encoded = ''] = /^— hub\.example (\S+)$/mu.exec(note) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  expect(bytes).toHaveLength(4 + 8 + 64);
  expect(bytes.subarray(0, 4).toString('hex')).toBe(verifierKey.split('+')[1]);
  expect(bytes.readBigUInt64BE(4)).toBe(1_679_315_147n);
  const x = Buffer.from(cosigner.publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  const message = `cosignature/v1\ntime 1679315147\n${TEXT}`;
  expect(verify(null, Buffer.from(message), key, bytes.subarray(12))).toBe(true);
});

it('is added to the signatures that are there', async () => {
  const log = await generateNoteKeys('example.com/behind-the-sofa');
  const hub = await generateCosignerKeys('hub.example');
  const signed = await signNote(TEXT, await signerOf(log.signerKey));
  const note = await cosignCheckpoint(signed, await cosignerOf(hub.signerKey), NOW);
  expect(note.startsWith(signed)).toBe(true);
  expect(await verifyCheckpoint(note, log.verifierKey)).not.toHaveProperty('cosignedAt');
  const cosignedAt = '2023-03-20T12:25:47.000Z';
  expect(await verifyCheckpoint(note, hub.verifierKey)).toMatchObject({ text: TEXT, cosignedAt });
  await expect(verifyCheckpoint(signed, hub.verifierKey)).rejects.toMatchObject({ code: 'PROOF_INVALID' });
  const other = await generateCosignerKeys('hub.example');
  await expect(verifyCheckpoint(note, other.verifierKey)).rejects.toMatchObject({ code: 'PROOF_INVALID' });
  // The latest of two counts.
  const again = await cosignCheckpoint(
    note,
    await cosignerOf(hub.signerKey),
    new Date(NOW.getTime() + 60_000),
  );
  expect(await verifyCheckpoint(again, hub.verifierKey)).toMatchObject({
    cosignedAt: '2023-03-20T12:26:47.000Z',
  });
});

it('makes no note that nobody could read', async () => {
  const refused = { code: 'INVALID_ARGUMENT' };
  const { signerKey, verifierKey } = await generateCosignerKeys('hub.example');
  const cosigner = await cosignerOf(signerKey);
  for (const time of [NaN, -1000])
    await expect(cosignCheckpoint(TEXT, cosigner, new Date(time))).rejects.toMatchObject(refused);
  let note = TEXT;
  for (let count = 0; count < 100; count++) note = await cosignCheckpoint(note, cosigner, NOW);
  expect(await verifyCheckpoint(note, verifierKey)).toMatchObject({ size: 20_852_163 });
  await expect(cosignCheckpoint(note, cosigner, NOW)).rejects.toMatchObject(refused);
});

it('keeps keys of both kinds apart', async () => {
  const refused = { code: 'INVALID_ARGUMENT' };
  const log = await generateNoteKeys('example.com/log');
  const hub = await generateCosignerKeys('hub.example');
  await expect(cosignerOf(log.signerKey)).rejects.toMatchObject(refused);
  await expect(signerOf(hub.signerKey)).rejects.toMatchObject(refused);
  await expect(signerOf(hub.signerKey)).rejects.not.toThrow(hub.signerKey.slice(-20));
  await expect(generateCosignerKeys('a b')).rejects.toMatchObject(refused);
  const cosigner = await cosignerOf(hub.signerKey);
  for (const note of ['', 'a\n', 'a\n1\nAAAA\n', `${TEXT}\n`, `${TEXT}\nno signature\n`])
    await expect(cosignCheckpoint(note, cosigner, NOW)).rejects.toMatchObject(refused);
  const row = { receiptId: 'r', receiptJson: '{}' } as ReceiptRow;
  const envelope = await attestReceipt(row, await signerOf(log.signerKey));
  await expect(verifyAttestation(envelope, hub.verifierKey)).rejects.toMatchObject(refused);
});

it('goes on with a tree that was kept', () => {
  const leaf = (number: number): Uint8Array => new Uint8Array(32).fill(number);
  for (let size = 0; size < 20; size++) {
    const [whole, first] = [new MerkleTree(), new MerkleTree()];
    for (let number = 0; number < size; number++) first.append(leaf(number));
    const second = new MerkleTree(first.size, first.roots);
    for (let number = size; number < 20; number++) second.append(leaf(number));
    for (let number = 0; number < 20; number++) whole.append(leaf(number));
    expect(second.root()).toEqual(whole.root());
  }
});
