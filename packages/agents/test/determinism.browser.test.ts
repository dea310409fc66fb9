import { openPersistence } from '@ggen-sim/core';
import { describe } from 'vitest';
import { describeDeterminism } from './determinism-cases.ts';

async function fetchExample(name: string): Promise<Uint8Array> {
  const response = await fetch(new URL(`../../../examples/${name}`, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

describe('determinism in the browser', () => {
  describeDeterminism(fetchExample, () =>
    openPersistence({ storage: 'indexeddb', name: crypto.randomUUID() }),
  );
});
