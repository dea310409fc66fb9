import type { ConsistencyProof, InclusionProof } from '../../api/persistence.ts';
import { type PersistenceCase, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

export const proofCases: readonly PersistenceCase[] = [
  {
    title: 'checkpoint, prove: give the state of the change log, and proofs of it',
    async run({ open, refused, expect }) {
      const db = await open();
      const empty = await db.checkpoint();
      const { origin } = await db.historyStatus();
      // The hash of nothing (RFC 9162, section 2.1.1).
      const rootHash = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
      const name = `ggen-sim.dev/${origin}`;
      expect(empty).toEqual({ origin: name, size: 0, rootHash, text: `${name}\n0\n${rootHash}\n` });
      const [saved] = await db.saveReceipts(upTo(4).map((n) => receiptOf(`e-${n}`)));
      const { receiptId = '' } = saved ?? {};
      await db.saveMemory(memoryOf('m'));
      const checkpoint = await db.checkpoint();
      expect(checkpoint.size).toBe(5);
      const proof = await db.prove({ receiptId });
      const { type, size, index } = proof as InclusionProof;
      expect({ type, size, index, rootHash: proof.rootHash, hashes: proof.hashes.length }).toEqual({
        type: 'inclusion',
        size: 5,
        index: 0,
        rootHash: checkpoint.rootHash,
        hashes: 3,
      });
      const { smallerSize, smallerRootHash } = (await db.prove({ smallerSize: 0 })) as ConsistencyProof;
      expect({ smallerSize, smallerRootHash }).toEqual({ smallerSize: 0, smallerRootHash: rootHash });
      expect((await db.verify({ checkpoints: [empty.text, checkpoint.text] })).ok).toBe(true);
      await refused(db.verify({ checkpoints: ['none'] }), 'INVALID_ARGUMENT');
      await refused(db.prove({ receiptId: 'unknown' }), 'NOT_FOUND');
      await refused(db.prove({}), 'INVALID_ARGUMENT');
      await refused(db.checkpoint({ signal: AbortSignal.abort() }), 'ABORTED');
    },
  },
];
