import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type InputFile, type ValidationOutcome, shortenIris, validate } from '../src/index.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

function example(name: string): InputFile {
  return { name, content: readFileSync(EXAMPLES + name) };
}

async function validateExample(spec: string, shapes?: string): Promise<ValidationOutcome> {
  return await validate({
    spec: [example(spec)],
    ...(shapes === undefined ? {} : { shapes: [example(shapes)] }),
  });
}

describe('the examples', () => {
  it('are all covered by these tests', () => {
    expect(readdirSync(EXAMPLES).filter((name) => name.endsWith('.ttl'))).toEqual([
      'syntax-error.ttl',
      'water-glossary.ttl',
      'water-network-violations.ttl',
      'water-network.shapes.ttl',
      'water-network.ttl',
      'water-sampling.ttl',
    ]);
  });

  it('water-network.ttl conforms to water-network.shapes.ttl', async () => {
    const { findings } = await validateExample('water-network.ttl', 'water-network.shapes.ttl');
    expect(findings).toMatchObject({ status: 'success', conforms: true, violations: [], not_evaluated: [] });
    // 2 stations, 2 junctions, 3 pipes, 1 valve, 1 zone
    expect(findings.counts).toMatchObject({
      focus_nodes: 9,
      shapes_with_target: 6,
      shapes_without_focus_nodes: 0,
    });
  });

  it('water-network-violations.ttl has exactly the twenty mistakes written into it', async () => {
    const outcome = await validateExample('water-network-violations.ttl', 'water-network.shapes.ttl');
    expect(outcome.findings).toMatchObject({ status: 'error', conforms: false });
    expect(outcome.findings.counts).toMatchObject({ results: 20, violations: 19, warnings: 1, infos: 0 });
    const lines = outcome.violations.map(({ focusNode, path, value, sourceConstraintComponent, shape }) =>
      shortenIris(
        [focusNode, path, value, shape, sourceConstraintComponent.replace('ConstraintComponent', '')].join(
          ' | ',
        ),
        outcome.prefixes,
      ),
    );
    expect(lines).toEqual([
      'east:junction-bridge | wn:assetNumber | "E-N-3" | wns:assetNumber | Pattern',
      'east:junction-depot | wn:assetNumber |  | wns:assetNumber | MinCount',
      'east:main-1 | wn:diameterMm | "wide"^^xsd:integer | wns:PipeShape | Datatype',
      'east:main-1 | wn:diameterMm | "wide"^^xsd:integer | wns:PipeShape | MaxInclusive',
      'east:main-1 | wn:diameterMm | "wide"^^xsd:integer | wns:PipeShape | MinInclusive',
      'east:main-1 | wn:laid | "1987-02-30"^^xsd:date | wns:PipeShape | Datatype',
      'east:main-1 | wn:material | "lead" | wns:PipeShape | In',
      'east:main-1 | wn:to | east:canal-works | wns:PipeShape | Class',
      'east:pipe-1 |  | east:pipe-1 | wns:DistributionPipeShape | Node',
      'east:pipe-1 | wn:from | east:pumping-canal | wns:DistributionPipeShape | Or',
      'east:pipe-1 | wn:laid | "2020-07-01"^^xsd:date | wns:PipeShape | LessThan',
      'east:pipe-2 |  | east:pipe-2 | wns:DistributionPipeShape | Node',
      'east:pipe-2 | wn:from | east:junction-bridge | wns:PipeShape | Disjoint',
      'east:pumping-canal | rdfs:label |  | wns:AssetShape | UniqueLang',
      'east:reservoir-park | rdfs:label | "Réservoir du parc"@fr | wns:AssetShape | LanguageIn',
      'east:reservoir-park | wn:capacityM3 | "0"^^xsd:integer | wns:ReservoirShape | MinExclusive',
      'east:reservoir-park | ^wn:to |  | wns:ReservoirShape | MinCount',
      'east:valve-1 | wn:onPipe |  | wns:ValveShape | MaxCount',
      'east:valve-1 | wn:turns | "14"^^xsd:integer | wns:ValveShape | Closed',
      'east:zone-low | wn:minPressureBar | "7.0"^^xsd:decimal | wns:PressureZoneShape | LessThan',
    ]);
  });

  it('water-sampling.ttl conforms to its own shapes', async () => {
    const { findings } = await validateExample('water-sampling.ttl');
    expect(findings).toMatchObject({ status: 'success', conforms: true, shapes_source: 'spec' });
    // 2 samples, one of them by its subclass, and 2 taps
    expect(findings.counts).toMatchObject({ focus_nodes: 4, shapes_with_target: 2 });
  });

  it('water-glossary.ttl is partial without shapes', async () => {
    const { findings } = await validateExample('water-glossary.ttl');
    expect(findings).toMatchObject({ status: 'partial', conforms: null, files_validated: 0 });
    expect(findings.message).toContain('no SHACL shapes');
  });

  it('water-glossary.ttl is partial with shapes whose targets pick none of its nodes', async () => {
    const { findings } = await validateExample('water-glossary.ttl', 'water-network.shapes.ttl');
    expect(findings).toMatchObject({ status: 'partial', conforms: null });
    expect(findings.message).toContain('pick no node');
  });

  it('syntax-error.ttl is refused at the position that its comment names', async () => {
    const { error, findings } = await validateExample('syntax-error.ttl');
    expect(error).toMatchObject({
      code: 'SYNTAX_ERROR',
      location: { line: 15, column: 5, expected: '".", ";" or ","' },
    });
    expect(findings.error?.excerpt).toBe('    wn:flowM3PerHour 90 ;');
  });
});
