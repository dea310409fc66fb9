/** The example files, validated in every way they are meant to be. Node and page have to find these very hashes. */
import { type Persistence, openPersistence } from '@ggen-sim/core';
import { expect, it } from 'vitest';
import { type InputFile, type ValidationReceipt, AGENTS, runAgent } from '../src/index.ts';

interface DeterminismCase {
  readonly spec: string;
  readonly shapes?: string;
  readonly determinismHash: string;
}

const CASES: readonly DeterminismCase[] = [
  {
    spec: 'water-network.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:16d60ddffd693f19628c65d0641079dd1a431c204c4f15f15f18ea880849f781',
  },
  {
    spec: 'water-network-violations.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:50c7be17638fd4a72aa619a2bab36f3a60a9de27ea9946165d9a53b2f1ddf8d7',
  },
  {
    spec: 'water-sampling.ttl',
    determinismHash: 'sha256:7bb8201c905540c6ddc961a9be8e3231cffa09ad87137468305ffe5e133f6483',
  },
  {
    spec: 'water-glossary.ttl',
    determinismHash: 'sha256:f228422afa6a8e636006135ffaf262eb057c2040f21bfd74fab34ae3716c56af',
  },
  {
    spec: 'water-glossary.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:ecf25558638012c4671aeb1a51977a709d903aa45b16c9fa1ba847745ed25f93',
  },
  {
    spec: 'syntax-error.ttl',
    determinismHash: 'sha256:2b5591130bc66f80f6f6a266d1eb415a758d0f0cf07de723fb34fe43f0f7cd22',
  },
];

/**
 * @param readExample - the bytes of a file in `examples/`
 * @param open - opens a database for the receipts
 */
export function describeDeterminism(
  readExample: (name: string) => Promise<Uint8Array>,
  open: () => Promise<Persistence> = () => openPersistence({ storage: 'memory' }),
): void {
  const example = async (name: string): Promise<InputFile> => ({ name, content: await readExample(name) });
  for (const { spec, shapes, determinismHash } of CASES) {
    it(`finds the same everywhere: ${spec}${shapes === undefined ? '' : ` by ${shapes}`}`, async () => {
      await using db = await open();
      const { receipt, receiptId } = await runAgent(AGENTS.validation, db, {
        spec: [await example(spec)],
        ...(shapes === undefined ? {} : { shapes: [await example(shapes)] }),
      });
      expect(receipt.determinism_hash).toBe(determinismHash);
      const stored = JSON.parse(await db.getReceipt(receiptId ?? '')) as ValidationReceipt;
      expect(stored.determinism_hash).toBe(determinismHash);
    });
  }
}
