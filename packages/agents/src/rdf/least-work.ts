import type { Quad } from '@rdfjs/types';
import { compareText } from './terms.ts';

/** Blank nodes by label, with their statements and first-degree hashes (RDFC-1.0, section 4.6). */
type AlikeNodes = ReadonlyMap<string, { readonly quads: ReadonlySet<Quad>; readonly hash: string | null }>;

/**
 * Computes the least number of steps that labelling blank nodes takes, so that a graph which cannot be labelled within a
 * limit is refused before the work begins.
 *
 * RDFC-1.0 looks at the nodes that look alike by groups of equal hashes, in their order. From each node of a group it visits
 * all nodes connected with it by others that look alike; only after the whole group do they get their labels. A visit costs
 * one step, and one for each statement of the node.
 *
 * @param alike - the nodes that no hash of their own tells apart
 */
export function leastSteps(alike: AlikeNodes): number {
  let least = 0;
  for (const component of componentsOf(alike)) {
    const hashes = component.map((label) => alike.get(label)?.hash ?? '');
    const [first] = hashes.toSorted(compareText);
    const visits = hashes.filter((hash) => hash === first).length;
    const steps = component.reduce((sum, label) => sum + 1 + (alike.get(label)?.quads.size ?? 0), 0);
    least += visits * steps;
  }
  return least;
}

/** Divides nodes into sets that are connected by statements. */
function* componentsOf(alike: AlikeNodes): Generator<readonly string[]> {
  const seen = new Set<string>();
  for (const start of alike.keys()) {
    if (seen.has(start)) continue;
    seen.add(start);
    const component = [start];
    for (const label of component) {
      for (const { subject, object, graph } of alike.get(label)?.quads ?? []) {
        for (const { termType, value } of [subject, object, graph]) {
          if (termType !== 'BlankNode' || seen.has(value) || !alike.has(value)) continue;
          seen.add(value);
          component.push(value);
        }
      }
    }
    yield component;
  }
}
