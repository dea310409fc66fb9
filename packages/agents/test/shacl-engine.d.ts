/** Types for the part of shacl-engine, which ships none, that a test uses. */
declare module 'shacl-engine' {
  import type { DataFactory, DatasetCore, Quad } from '@rdfjs/types';

  export class Validator {
    constructor(
      shapes: DatasetCore,
      options: { factory: DataFactory & { dataset(quads?: readonly Quad[]): DatasetCore } },
    );
    validate(data: { dataset: DatasetCore }): Promise<{ readonly dataset: DatasetCore }>;
  }
}
