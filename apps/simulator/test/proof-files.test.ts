/** A proof is told from the checkpoint and the key that are chosen with it, in whatever order and from whichever program. */
import { generateNoteKeys, openPersistence, signerOf, signNote } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { checkProofFiles } from '../src/storage/proof-files.ts';

const db = await openPersistence({ storage: 'memory' });
const { receiptId } = await db.saveReceipt({
  executionId: 'e',
  agentId: 'a',
  agentType: 'validation',
  receipt: '{}',
});
const { text: checkpoint } = await db.checkpoint();
const proof = await db.prove({ receiptId });
await db.close();
const { signerKey, verifierKey } = await generateNoteKeys('example.com/log');
const signed = await signNote(checkpoint, await signerOf(signerKey));
const file = (members: object): string => JSON.stringify({ ...proof, ...members });

it('checks a proof against the checkpoint in it, or one that was kept, signed or not', async () => {
  expect(await checkProofFiles([file({ checkpoint })])).toMatchObject({ isKept: false, isSigned: false });
  expect(await checkProofFiles([checkpoint, file({})])).toMatchObject({ isKept: true, isSigned: false });
  const all = [`${verifierKey}\n`, file({ checkpoint: 'of no use' }), signed];
  expect(await checkProofFiles(all)).toMatchObject({ isKept: true, isSigned: true });
  const { rowJson, ...others } = proof as typeof proof & { readonly rowJson: string };
  const printed = JSON.stringify({ ...others, row_json: rowJson, checkpoint });
  expect((await checkProofFiles([printed])).proof).toMatchObject({ rowJson });
});

it('refuses what is no proof, several of them, and a checkpoint that the key has not signed', async () => {
  await expect(checkProofFiles([checkpoint])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(checkProofFiles([file({}), file({})])).rejects.toThrow('one proof at a time');
  await expect(checkProofFiles(['null', '3'])).rejects.toThrow('None of the files is a proof');
  await expect(checkProofFiles([file({ checkpoint }), verifierKey])).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
  const edited = file({ checkpoint, rowJson: '{"receipt_id":"other"}' });
  await expect(checkProofFiles([edited])).rejects.toMatchObject({ code: 'PROOF_INVALID' });
});
