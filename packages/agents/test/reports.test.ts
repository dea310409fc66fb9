/** Each report is read by a consumer of its format. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { AGENTS, type InputFile, type RunOf, runAgent, validate } from '../src/index.ts';
import { measureInput, openInput } from '../src/rdf/input-file.ts';
import { type ParsedDocument, parseRdf } from '../src/rdf/parse.ts';
import { turtle } from './documents.ts';

type Run = RunOf<'validation'>;

/** Results of each severity, values and paths of every kind, and a part that is not evaluated. */
const SPEC = turtle(
  `@prefix dash: <http://datashapes.org/dash#> . ex:S sh:targetNode ex:x ; dash:stem "http://x/" ;
     sh:property [ sh:path ex:p ; sh:maxLength 3 ; sh:message "Too long: <&\\"'>, 100 %\\n{?value}" ] ;
     sh:property [ sh:path ( [ sh:inversePath ex:knows ] [ sh:zeroOrMorePath [ sh:alternativePath ( ex:p ex:q ) ] ] ) ;
       sh:severity sh:Warning ; sh:nodeKind sh:Literal ] ;
     sh:property [ sh:path ex:q ; sh:minCount 1 ; sh:severity sh:Info ] ;
     sh:property [ sh:path ex:r ; sh:minCount 1 ; sh:severity ex:Fatal ] .
   ex:x ex:p "a\\"b\\\\c\\u0001\\n"@en-GB, "fourth" . [] ex:knows ex:x .`,
  'dir/a, b%.ttl',
);
const GOOD = turtle('ex:S sh:targetNode ex:x ; sh:nodeKind sh:IRI .');
const BROKEN = { name: 'dir/broken.ttl', content: '<a:a> <a:b>\n  %% .' };

async function runOf(document: InputFile): Promise<Run> {
  return await runAgent(AGENTS.validation, null, { spec: [document] });
}

async function reportOf(format: string, document: InputFile): Promise<string> {
  const run = await runOf(document);
  return (await AGENTS.validation.reports?.write(run, format, { spec: [document] })) ?? '';
}

it('the sample has results of every severity', async () => {
  const { violations, receipt } = await runOf(SPEC);
  expect(new Set(violations.map(({ severity }) => severity))).toEqual(
    new Set(['Violation', 'Warning', 'Info', 'http://example.org/Fatal']),
  );
  expect(receipt.not_evaluated).toEqual(['dash:stem']);
});

describe('turtle', () => {
  const parsed = async (content: string): Promise<ParsedDocument> =>
    parseRdf(openInput(measureInput({ name: 'report.ttl', content })));

  it('is a validation report, by its own shapes too', async () => {
    const text = await reportOf('turtle', SPEC);
    const { quads } = await parsed(text);
    const { violations } = await runOf(SPEC);
    const count = (name: string): number =>
      [...quads].filter(({ predicate }) => predicate.value === `http://www.w3.org/ns/shacl#${name}`).length;
    expect(count('result')).toBe(violations.length);
    expect(count('resultPath')).toBe(violations.length);
    const shapes = turtle(
      `ex:Report sh:targetSubjectsOf sh:result ; sh:property [ sh:path sh:conforms ; sh:hasValue false ; sh:maxCount 1 ] ;
         sh:property [ sh:path sh:result ; sh:node ex:Result ] .
       ex:Result sh:property [ sh:path sh:focusNode ; sh:hasValue ex:x ] ;
         sh:property [ sh:path sh:resultSeverity ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
         sh:property [ sh:path sh:sourceShape ; sh:minCount 1 ] ;
         sh:property [ sh:path sh:sourceConstraintComponent ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .
       ex:Path sh:targetSubjectsOf rdf:first ; sh:property [ sh:path rdf:rest ; sh:minCount 1 ; sh:maxCount 1 ] .`,
      'shapes.ttl',
    );
    const { findings } = await validate({ spec: [{ name: 'report.ttl', content: text }], shapes: [shapes] });
    expect(findings).toMatchObject({ conforms: true, violations: [] });
  });

  it('writes a component without an IRI as a blank node of the shapes graph', async () => {
    const text = await reportOf(
      'turtle',
      turtle(`ex:S sh:targetNode ex:x ; ex:max 1 .
        [] sh:parameter [ sh:path ex:max ] ; sh:validator [ sh:ask "ASK { FILTER (false) }" ] .`),
    );
    const { quads } = await parsed(text);
    const components = [...quads].filter(({ predicate }) =>
      predicate.value.endsWith('sourceConstraintComponent'),
    );
    expect(components.map(({ object }) => object.termType)).toEqual(['BlankNode']);
    expect(text).toContain('sh:sourceConstraintComponent _:shape-c14n');
  });

  it('is empty for a run that failed', async () => {
    const text = await reportOf('turtle', BROKEN);
    expect(text).toMatch(/^# The run failed: broken\.ttl:2:/);
    expect((await parsed(text)).quads.size).toBe(0);
  });
});

it('sarif is valid by its schema', async () => {
  const schema = JSON.parse(
    readFileSync(new URL('fixtures/sarif/sarif-2.1.0-rtm.5.json', import.meta.url), 'utf8'),
  ) as Record<string, unknown>;
  const { $schema: _draft4, id: _id, ...rest } = schema;
  const check = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(rest);
  for (const document of [SPEC, GOOD, BROKEN]) {
    const log: unknown = JSON.parse(await reportOf('sarif', document));
    expect(check(log), JSON.stringify(check.errors)).toBe(true);
  }
  const log = JSON.parse(await reportOf('sarif', SPEC)) as {
    runs: { results: { level: string; locations: unknown[] }[] }[];
  };
  const results = log.runs[0]?.results ?? [];
  expect(new Set(results.map(({ level }) => level))).toEqual(new Set(['error', 'warning', 'note']));
  expect(results[0]?.locations[0]).toMatchObject({
    physicalLocation: { artifactLocation: { uri: 'dir/a%2C%20b%25.ttl' } },
    logicalLocations: [{ fullyQualifiedName: '<http://example.org/x>' }],
  });
  expect(check({ version: '2.1.0' })).toBe(false);
});

describe('junit', () => {
  const read = (xml: string): { testsuites: { testsuite: Record<string, unknown> } } => {
    expect(XMLValidator.validate(xml)).toBe(true);
    const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'testcase' });
    return parser.parse(xml) as ReturnType<typeof read>;
  };
  it('has a test case for each result and part that was not evaluated', async () => {
    const { violations } = await runOf(SPEC);
    const { testsuite } = read(await reportOf('junit', SPEC)).testsuites;
    expect(testsuite).toMatchObject({
      '@_failures': String(violations.length),
      '@_errors': '0',
      '@_skipped': '1',
    });
    expect(testsuite['testcase']).toHaveLength(violations.length + 1);
    expect(JSON.stringify(testsuite)).toContain('100 %');
  });

  it('has one test case for a run that conforms or fails', async () => {
    expect(read(await reportOf('junit', GOOD)).testsuites.testsuite).toMatchObject({
      '@_tests': '1',
      '@_failures': '0',
    });
    expect(read(await reportOf('junit', BROKEN)).testsuites.testsuite).toMatchObject({ '@_errors': '1' });
  });
});

describe('github', () => {
  /** Reads a workflow command as GitHub's runner does. */
  const read = (line: string): { name: string; properties: Record<string, string>; message: string } => {
    const [, name = '', list = '', message = ''] = /^::(\w+)(?: ([^:]*))?::(.*)$/.exec(line) ?? [];
    return {
      name,
      properties: Object.fromEntries(
        list.split(',').map((pair) => pair.split('=').map(decodeURIComponent)),
      ) as Record<string, string>,
      message: message.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%'),
    };
  };
  it('has a command on one line for each result', async () => {
    const { violations } = await runOf(SPEC);
    const commands = (await reportOf('github', SPEC)).trimEnd().split('\n').map(read);
    expect(commands).toHaveLength(violations.length + 1);
    expect(new Set(commands.map(({ name }) => name))).toEqual(new Set(['error', 'warning', 'notice']));
    expect(commands[0]?.properties['file']).toBe('dir/a, b%.ttl');
    expect(commands.map(({ message }) => message).join()).toContain('100 %\n');
  });

  it('has line and column of a syntax error, and nothing when all conforms', async () => {
    expect(await reportOf('github', GOOD)).toBe('');
    expect(read((await reportOf('github', BROKEN)).trimEnd()).properties).toMatchObject({
      file: 'dir/broken.ttl',
      line: '2',
      title: 'SYNTAX_ERROR',
    });
  });
});

it('text explains every result, and why a run failed', async () => {
  const nodes = Array.from({ length: 60 }, (_, index) => `ex:n${index}`);
  const many = turtle(`ex:S sh:targetNode ${nodes.join(', ')} ; sh:nodeKind sh:Literal .`);
  expect((await reportOf('text', many)).match(/^Violation: /gmu)).toHaveLength(60);
  expect(await reportOf('text', BROKEN)).toContain('broken.ttl:2:');
});
