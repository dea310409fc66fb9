import type { NewDocument } from './session.ts';

/** A prepared session. */
export interface Example {
  readonly title: string;
  /** The result of validating it, in a few words. */
  readonly outcome: string;
  readonly load: () => Promise<readonly NewDocument[]>;
}

const spec = (name: string, { default: content }: { default: string }): NewDocument => ({
  name,
  role: 'spec',
  content,
});

const networkShapes = async (): Promise<NewDocument> => ({
  ...spec('water-network.shapes.ttl', await import('../../../../examples/water-network.shapes.ttl?raw')),
  role: 'shapes',
});

/** The ontologies of the repository's `examples` folder. */
export const EXAMPLES: readonly Example[] = [
  {
    title: 'Water network',
    outcome: 'conforms to its shapes',
    load: async () => [
      spec('water-network.ttl', await import('../../../../examples/water-network.ttl?raw')),
      await networkShapes(),
    ],
  },
  {
    title: 'Water network with errors',
    outcome: '20 results',
    load: async () => [
      spec(
        'water-network-violations.ttl',
        await import('../../../../examples/water-network-violations.ttl?raw'),
      ),
      await networkShapes(),
    ],
  },
  {
    title: 'Water sampling',
    outcome: 'data and shapes in one document',
    load: async () => [
      spec('water-sampling.ttl', await import('../../../../examples/water-sampling.ttl?raw')),
    ],
  },
  {
    title: 'Water glossary',
    outcome: 'no shapes to validate against',
    load: async () => [
      spec('water-glossary.ttl', await import('../../../../examples/water-glossary.ttl?raw')),
    ],
  },
  {
    title: 'Syntax error',
    outcome: 'shown at its line and column',
    load: async () => [spec('syntax-error.ttl', await import('../../../../examples/syntax-error.ttl?raw'))],
  },
];
