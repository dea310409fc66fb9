/** Validations of the example files. Node and the browser must compute exactly these hashes. */
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
    determinismHash: 'sha256:9a9d0e5b4e32772a887abef55e162995789ae729db3881ff1987a44fa8e8dde9',
  },
  {
    spec: 'water-network-violations.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:753959342a41f507296f33d6f56d265252785d19a3830cb2254da5e65609d60a',
  },
  {
    spec: 'water-sampling.ttl',
    determinismHash: 'sha256:42ff86a912b1d5baa2d665cc1e042f70fb4d53bb455666972c1e4d3108350a65',
  },
  {
    spec: 'water-glossary.ttl',
    determinismHash: 'sha256:166fc99336d7602e01d99fd0f05c1e64235b1a0f7628a44233a1db6fee004aaa',
  },
  {
    spec: 'water-glossary.ttl',
    shapes: 'water-network.shapes.ttl',
    determinismHash: 'sha256:304e850898c7d1180aba1d2b526aecb45e488730829aff166ef825f93617b0c1',
  },
  {
    spec: 'syntax-error.ttl',
    determinismHash: 'sha256:a60afa6a7c198a7233bda53b6c6bde82678619d9bf7117be4af77fbf02aa18b3',
  },
];

/**
 * Defines one test for each case.
 *
 * @param readExample - reads a file in `examples/`
 * @param open - opens a database for the receipts
 */
export function describeDeterminism(
  readExample: (name: string) => Promise<Uint8Array>,
  open: () => Promise<Persistence> = () => openPersistence({ storage: 'memory' }),
): void {
  const example = async (name: string): Promise<InputFile> => ({ name, content: await readExample(name) });
  for (const { spec, shapes, determinismHash } of CASES) {
    it(`has the expected hash: ${spec}${shapes === undefined ? '' : ` with ${shapes}`}`, async () => {
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
