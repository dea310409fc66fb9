import { readFile } from 'node:fs/promises';
import { describe } from 'vitest';
import { describeDeterminism } from './determinism-cases.ts';

describe('determinism in Node', () => {
  describeDeterminism((name) => readFile(new URL(`../../../examples/${name}`, import.meta.url)));
});
