/** Checkpoints and proofs of real databases, and what `verify` finds by a checkpoint that was kept elsewhere. */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import {
  generateNoteKeys,
  parseCheckpoint,
  signerOf,
  signNote,
  verifyProof,
  verifyWrittenProof,
  type ConsistencyProof,
  type InclusionProof,
  type NoteKeys,
  type Persistence,
} from '../../src/index.ts';
import { SeededRandom } from '../../../../tests/support/seeded-random.ts';
import { auditOf, memoryOf, receiptOf, upTo } from '../../src/testing/persistence-case.ts';
import { createTestDatabase, nativeSqlite } from '../support/test-database.ts';

async function fill(db: Persistence, name: string): Promise<void> {
  for (const n of upTo(5)) {
    await db.record({
      receipts: [receiptOf(`${name}-${n}`)],
      audits: [auditOf(`${name}-${n}`)],
      memories: [memoryOf(`agent-${n % 2}`, { memory: { name, n } })],
    });
  }
}

async function signed(db: Persistence, { signerKey }: NoteKeys): Promise<string> {
  const { text } = await db.checkpoint();
  return signNote(text, await signerOf(signerKey));
}

it('proves every record, and that each checkpoint continues the one before', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const keys = await generateNoteKeys('example.com/log');
  const { verifierKey } = keys;
  const empty = await signed(db, keys);
  await fill(db, 'one');
  const first = await signed(db, keys);
  await fill(db, 'two');
  const second = await signed(db, keys);
  const size = Number(second.split('\n')[1]);

  const [receipt] = await db.queryReceipts({ agent: 'validator-1' });
  const [audit] = await db.queryAuditTrail();
  const requests = [
    { receiptId: receipt?.receiptId ?? '' },
    { auditId: audit?.auditId ?? '' },
    { agentId: 'agent-0' },
    ...upTo(size).map((n) => ({ seq: n + 1 })),
  ];
  for (const request of requests) {
    const proof = (await db.prove(request)) as InclusionProof;
    await verifyProof(proof, { checkpoint: second, verifierKey });
    // A checkpoint that one has kept oneself need not be signed.
    const { text: kept } = parseCheckpoint(second);
    expect(await verifyProof(proof, { checkpoint: kept })).toEqual(parseCheckpoint(second));
    await expect(verifyProof(proof, { checkpoint: kept, verifierKey })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(verifyProof(proof, { checkpoint: parseCheckpoint(first).text })).rejects.toMatchObject({
      code: 'PROOF_INVALID',
    });
    const other = { ...proof, index: proof.index === 0 ? 1 : proof.index - 1 };
    await expect(verifyProof(other, { checkpoint: second, verifierKey })).rejects.toMatchObject({
      code: 'PROOF_INVALID',
    });
    await expect(verifyProof(proof, { checkpoint: first, verifierKey })).rejects.toMatchObject({
      code: 'PROOF_INVALID',
    });
    if (proof.rowJson === null) continue;
    const edited = { ...proof, rowJson: proof.rowJson.replace('validat', 'VALIDAT') };
    await expect(verifyProof(edited, { checkpoint: second, verifierKey })).rejects.toThrow(/was edited/);
  }
  const ofFirst = await db.prove({ seq: 3, size: Number(first.split('\n')[1]) });
  await verifyProof(ofFirst, { checkpoint: first, verifierKey });

  for (const [smallerCheckpoint, checkpoint] of [
    [first, second],
    [second, second],
    [empty, first],
  ] as const) {
    const proof = await db.prove({
      smallerSize: Number(smallerCheckpoint.split('\n')[1]),
      size: Number(checkpoint.split('\n')[1]),
    });
    await verifyProof(proof, { checkpoint, smallerCheckpoint, verifierKey });
  }
  expect(await db.verify({ checkpoints: [second, first, empty], verifierKey })).toMatchObject({ ok: true });
});

it('finds by a checkpoint what was cut off, or written anew with its entries, at any place', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const keys = await generateNoteKeys('example.com/log');
  await fill(db, 'one');
  const first = await signed(db, keys);
  await fill(db, 'two');
  const second = await signed(db, keys);
  await db.close();
  const checkpoints = [first, second];
  const size = Number(second.split('\n')[1]);
  const firstSize = Number(first.split('\n')[1]);
  const random = new SeededRandom(7);
  for (const _ of upTo(4)) {
    const file = database.path('tampered.db');
    const seq = random.between(1, size - 1);

    // The last entries and their rows: without a checkpoint, nobody can tell.
    fs.copyFileSync(database.file, file);
    const rows = (table: string, id: string): string =>
      `DELETE FROM ${table} WHERE ${id} IN (SELECT row_id FROM _change_log WHERE seq > ${seq} AND body IS NULL)`;
    nativeSqlite(
      file,
      rows('receipts', 'receipt_id'),
      rows('audit_log', 'audit_id'),
      `DELETE FROM _change_log WHERE seq > ${seq}`,
    );
    const cut = await database.open({ path: file });
    const { problems } = await cut.verify({ checkpoints, verifierKey: keys.verifierKey });
    expect(problems.findLast(({ row }) => row === null)?.message).toBe(
      `the last ${size - seq} entries of the checkpoint of ${size} entries are cut off: the change log ends with entry ${seq}`,
    );
    await cut.close();

    // Another hash of an entry, as somebody writes who edits the row and its entry.
    fs.copyFileSync(database.file, file);
    nativeSqlite(file, `UPDATE _change_log SET leaf = randomblob(32) WHERE seq = ${seq}`);
    const edited = await database.open({ path: file });
    const report = await edited.verify({ checkpoints });
    const [from, to] = seq <= firstSize ? [1, firstSize] : [firstSize + 1, size];
    expect(report.problems[0]?.message).toBe(
      `entries ${from} to ${to} of the change log are not those of the checkpoint of ${to} entries`,
    );
    await edited.close();
  }
});

it('holds through cleanups and restores, and names the other database after a reset', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  await fill(db, 'one');
  const { text } = await db.checkpoint();
  await db.exportBackup({ directory: database.path('backup') });
  for (const from of ['json', 'image'] as const) {
    await db.restoreBackup({ directory: database.path('backup'), from, force: true });
    expect(await db.verify({ checkpoints: [text] })).toMatchObject({ ok: true });
  }
  await db.cleanup({ days: 0 });
  expect(await db.verify({ checkpoints: [text] })).toMatchObject({ ok: true });
  await db.reset();
  await fill(db, 'two');
  const { problems } = await db.verify({ checkpoints: [text] });
  expect(problems).toMatchObject([
    { check: 'history', message: expect.stringMatching(/of another database/) as string },
  ]);
});

it('refuses what cannot be proved', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { receiptId } = await db.saveReceipt(receiptOf('a'));
  const refused = (request: object, code: string, message: RegExp): Promise<void> =>
    expect(db.prove(request)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  await refused({}, 'INVALID_ARGUMENT', /Give one of/);
  await refused({ receiptId, seq: 1 }, 'INVALID_ARGUMENT', /Give one of/);
  await refused({ seq: -1 }, 'INVALID_ARGUMENT', /seq/);
  await refused({ smallerSize: 2 }, 'INVALID_ARGUMENT', /smallerSize/);
  await refused({ seq: 1, size: 2 }, 'NOT_FOUND', /has 1 entries, not 2/);
  await refused({ seq: 2 }, 'NOT_FOUND', /no entry 2/);
  await refused({ receiptId: 'other' }, 'NOT_FOUND', /no entry of receiptId "other"/);
  await refused({ receiptId, size: 0 }, 'NOT_FOUND', /not among its first 0/);
  await refused({ receiptId, signal: AbortSignal.abort() }, 'ABORTED', /./);
  database.native("UPDATE receipts SET status = 'error'");
  await refused({ receiptId }, 'PROOF_INVALID', /was edited/);
  await expect(db.verify({ checkpoints: ['x'] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  const without = await database.open({ path: database.path('without.db'), changeLog: false });
  await expect(without.checkpoint()).rejects.toMatchObject({ code: 'NO_CHANGE_LOG' });
  expect((await without.verify({ checkpoints: [(await db.checkpoint()).text] })).problems).toMatchObject([
    { message: 'there is no change log, but a checkpoint has 1 entries' },
  ]);
});

it('takes nothing in a proof for proved that the tree does not prove', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { text: empty } = await db.checkpoint();
  await fill(db, 'one');
  const { text: first, size: smallerSize } = await db.checkpoint();
  await fill(db, 'two');
  const { text: second } = await db.checkpoint();
  const [receipt] = await db.queryReceipts({ agent: 'validator-1' });
  const proof = (await db.prove({ receiptId: receipt?.receiptId ?? '' })) as InclusionProof;
  const rowJson = proof.rowJson ?? '';
  const entry = await db.prove({ seq: 1 });
  const consistency = (await db.prove({ smallerSize })) as ConsistencyProof;
  const refused = (changed: object, code = 'PROOF_INVALID', smallerCheckpoint = first): Promise<void> =>
    expect(
      verifyProof(changed as InclusionProof, { checkpoint: second, smallerCheckpoint }),
    ).rejects.toMatchObject({
      code,
    });
  for (const forged of [
    rowJson.replace('{', '{"approved":"yes",'),
    rowJson.replace('{', '{"status":"error",'),
    rowJson.replace('{', '{ '),
    `{"__proto__":${rowJson}}`,
  ]) {
    expect(forged).not.toBe(rowJson);
    await refused({ ...proof, rowJson: forged });
  }
  await refused({ ...proof, table: null });
  await refused({ ...entry, table: null, rowJson: '{"forged":1}' });
  await refused({ ...proof, rootHash: consistency.smallerRootHash });
  await refused({ ...consistency, rootHash: consistency.smallerRootHash });
  await refused({ ...consistency, smallerRootHash: consistency.rootHash });
  // An empty log has one root.
  const ofEmpty = await db.prove({ smallerSize: 0 });
  await verifyProof(ofEmpty, { checkpoint: second, smallerCheckpoint: empty });
  const otherEmpty = empty.replace(parseCheckpoint(empty).rootHash, consistency.rootHash);
  await refused({ ...ofEmpty, smallerRootHash: consistency.rootHash }, 'PROOF_INVALID', otherEmpty);
  await refused({ ...consistency, rootHash: 1 }, 'INVALID_ARGUMENT');
  for (const none of [null, 1, [], { ...ofEmpty, hashes: undefined }])
    await refused(none as never, 'INVALID_ARGUMENT', empty);
  await expect(verifyProof(proof, null as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
});

it('notices checkpoints that somebody has kept and that show two histories', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { receiptId } = await db.saveReceipt(receiptOf('a'));
  const { text, rootHash, origin } = await db.checkpoint();
  const proof = JSON.stringify({ ...(await db.prove({ receiptId })), checkpoint: text });
  await verifyWrittenProof(proof, { checkpoints: [text, text] });
  const others = [
    text.replace(
      rootHash,
      rootHash.replace(/^./u, (first) => (first === 'A' ? 'B' : 'A')),
    ),
    text.replace(origin, `${origin}0`),
  ];
  for (const other of others)
    for (const checkpoints of [
      [text, other],
      [other, text],
    ])
      await expect(verifyWrittenProof(proof, { checkpoints })).rejects.toMatchObject({
        code: 'PROOF_INVALID',
      });
  await expect(verifyWrittenProof(proof, { checkpoints: text as never })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});

it('refuses characters that no checkpoint has, and names the line ends of another system', async () => {
  const database = createTestDatabase();
  const db = await database.open();
  const { text, origin } = await db.checkpoint();
  const keys = await generateNoteKeys('example.com/log');
  for (const character of ['\u001B', '\0', '\t', '\uD800'])
    expect(() => parseCheckpoint(text.replace(origin, `${origin}${character}`))).toThrow(/no checkpoint/);
  for (const checkpoint of [text, await signed(db, keys)]) {
    const hint = expect.stringContaining('LF alone') as string;
    const checkpoints = [checkpoint.replaceAll('\n', '\r\n')];
    for (const options of [{ checkpoints }, { checkpoints, verifierKey: keys.verifierKey }])
      await expect(db.verify(options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', hint });
  }
  const checkpoints = [await signed(db, keys)];
  await expect(db.verify({ checkpoints, verifierKey: keys.signerKey })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('private key') as string,
  });
});
