import { describe, expect, it } from 'vitest';
import { type AgentError, type SourceLocation, formatOf, validate } from '../src/index.ts';

const PREFIX = '@prefix ex: <http://example.org/> .\n';

async function errorOf(name: string, content: string | Uint8Array): Promise<AgentError> {
  const { error } = await validate({ spec: [{ name, content }] });
  if (error === null) throw new Error('parsed without an error');
  return error;
}

async function locationOf(name: string, content: string): Promise<SourceLocation> {
  const { location } = await errorOf(name, content);
  if (location === undefined) throw new Error('the error has no location');
  return location;
}

describe('the location of a syntax error', () => {
  // Columns: description, document, line, column, expected token
  it.each([
    ['an unterminated string', `${PREFIX}ex:a ex:p "abc .\nex:b ex:q 1 .\n`, 2, 11, '"'],
    ['an unterminated long string', `${PREFIX}ex:a ex:p """abc .\nex:b ex:q 1 .\n`, 2, 11, '"""'],
    ['a bad escape in a string', `${PREFIX}ex:a ex:p "ab\\qc" .`, 2, 11, expect.stringContaining('\\uXXXX')],
    ['an undefined prefix', `${PREFIX}\n  ex:a foo:p 1 .`, 3, 8, null],
    ['an undefined prefix of a datatype', `${PREFIX}ex:a ex:p "1"^^foo:int .`, 2, 16, null],
    ['a missing dot', `${PREFIX}ex:a ex:p 1\nex:b ex:q 2 .`, 3, 1, '".", ";" or ","'],
    ['a missing dot at the end', `${PREFIX}ex:a ex:p ex:b`, 2, 15, '".", ";" or ","'],
    ['a missing dot after a prefix', '@prefix ex: <http://example.org/>\nex:a ex:p 1 .', 2, 1, '"."'],
    ['a space in an IRI', `${PREFIX}ex:a ex:p <http://bad iri> .`, 2, 11, expect.stringContaining('%20')],
    ['an IRI that is not closed', `${PREFIX}ex:a ex:p <http://bad .\n`, 2, 11, expect.anything()],
    ['an invalid escape in an IRI', `${PREFIX}ex:a <http://x/\\u00zz> 1 .`, 2, 6, 'an IRI'],
    ['a bad token in the middle of a line', `${PREFIX}ex:a ex:p ex:b %% ex:c .`, 2, 16, null],
    ['a bad token after a comment', `${PREFIX}ex:a ex:p # of p\n\n\t ex:b, # more\n   %% .`, 5, 4, null],
    ['a bad token after a long string', `${PREFIX}ex:a ex:p """x\ny""" , %% .`, 3, 8, null],
    ['a bad token right after a long string', `${PREFIX}ex:a ex:p """x\ny""" %% .`, 3, 6, null],
    ['a bad token at the very beginning', '%% .', 1, 1, null],
    ['a literal as subject', `${PREFIX}"a" ex:p 1 .`, 2, 1, 'an IRI or a blank node'],
    ['two semicolons and a dot without an object', `${PREFIX}ex:a ex:p ; .`, 2, 11, 'an RDF term'],
    ['an unclosed list', `${PREFIX}ex:a ex:p ( 1 2 .`, 2, 17, 'an RDF term'],
    ['a graph in Turtle', `${PREFIX}ex:g { ex:a ex:p 1 }`, 2, 6, 'an RDF term'],
    ['after CR LF line ends', `${PREFIX}ex:a ex:p 1 .\r\nex:b ex:q %% .\r\n`, 3, 11, null],
    ['after CR line ends', `${PREFIX}ex:a ex:p 1 .\rex:b ex:q %% .\r`, 3, 11, null],
    ['after a byte order mark', '\uFEFF%% .', 1, 1, null],
    ['after characters outside the BMP, in UTF-16 units', `${PREFIX}ex:a ex:p "😀" %% .`, 2, 16, null],
  ])('Turtle: %s', async (_what, content, line, column, expected) => {
    expect(await locationOf('a.ttl', content)).toMatchObject({ name: 'a.ttl', line, column, expected });
  });

  it.each([
    ['a prefixed name', '<a:s> <a:p> "x" .\n<a:s> <a:p> ex:c .\n', 2, 13, null],
    ['a relative IRI', '<a:s> <a:p> <rel> .\n', 1, 13, 'an absolute IRI'],
    ['a number', '<a:s> <a:p> 1 .', 1, 13, null],
    ['a directive', '@prefix a: <b:> .', 1, 1, null],
    ['a graph', '<a:s> <a:p> "x" <a:g> .', 1, 17, '".", ";" or ","'],
    ['a missing dot', '<a:s> <a:p> "x"\n<a:s> <a:p> "y" .', 1, 16, '"."'],
    ['two statements on a line', '<a:s> <a:p> "x" . <a:s> <a:p> "y" .', 1, 19, 'the end of the line'],
    ['a statement over two lines', '<a:s> <a:p>\n"x" .', 1, 12, '"."'],
  ])('N-Triples: %s', async (_what, content, line, column, expected) => {
    expect(await locationOf('a.nt', content)).toMatchObject({ line, column, expected });
  });

  it.each([
    ['a fifth term', '<a:s> <a:p> "x" <a:g> <a:h> .', 1, 23, '"."'],
    ['a literal as graph', '<a:s> <a:p> <a:o> .\n<a:s> <a:p> "x" "g" .', 2, 17, 'an RDF term'],
  ])('N-Quads: %s', async (_what, content, line, column, expected) => {
    expect(await locationOf('a.nq', content)).toMatchObject({ line, column, expected });
  });

  it.each([
    ['an unclosed graph', `${PREFIX}ex:g { ex:a ex:p 1 .\n`, 3, 1, '"}"'],
    ['a brace too many', `${PREFIX}ex:g { ex:a ex:p 1 } }`, 2, 22, null],
  ])('TriG: %s', async (_what, content, line, column, expected) => {
    expect(await locationOf('a.trig', content)).toMatchObject({ line, column, expected });
  });

  it('has an excerpt of the line, cut around the error when the line is long', async () => {
    const short = await locationOf('a.ttl', `${PREFIX}ex:a ex:p %% .`);
    expect(short).toMatchObject({ excerpt: 'ex:a ex:p %% .', excerptColumn: 11 });
    const long = await locationOf(
      'a.ttl',
      `${PREFIX}ex:a ex:p "${'x'.repeat(500)}" %% "${'y'.repeat(500)}" .`,
    );
    expect(long.column).toBe(514);
    expect(long.excerpt).toHaveLength(120);
    expect(long.excerpt.slice(long.excerptColumn - 1, long.excerptColumn + 1)).toBe('%%');
  });

  it('is that of the first error, even before an unreadable token', async () => {
    const content = `${PREFIX}foo:a ex:p 1 .\nex:b ex:q %% .`;
    expect(await locationOf('a.ttl', content)).toMatchObject({ line: 2, column: 1 });
  });
});

/** Returns line and column of each error, in the order of the documents. */
async function placesOf(name: string, content: string): Promise<string[]> {
  const error = await errorOf(name, content);
  return [error, ...error.others].map(({ location }) => `${location?.line}:${location?.column}`);
}

describe('all errors of a document', () => {
  // As many quotes as a document of 2 MB has; the expression that once read strings began anew at each.
  it.each([
    ['that is not closed', `%% "${String.raw`\"`.repeat(1_000_000)}`, ['1:1']],
    [
      'that is not closed in its line',
      `%% "${String.raw`\"`.repeat(1_000_000)} .\n%% '${String.raw`\'`.repeat(10)}\\\n%% .\n%% .`,
      ['1:1', '2:1', '4:1'],
    ],
    ['that is closed', `%% "${String.raw`\"`.repeat(1_000_000)}" .\n%% .`, ['1:1', '2:1']],
    ['that is long', `%% """${String.raw`\\`.repeat(1_000_000)}\n" .\n""" .\n%% .`, ['1:1', '4:1']],
  ])('are found after a string %s, of a million escapes', async (_what, content, places) => {
    expect(await placesOf('a.ttl', content)).toEqual(places);
  });

  it.each([
    [
      'unreadable tokens',
      'ex:a ex:p %% .\nex:b ex:q "ab .\nex:c ex:p 1 .\nex:d ex:p %% .\n',
      ['2:11', '3:11', '5:11'],
    ],
    [
      'a missing dot, and what follows',
      'ex:a ex:p 1\nex:b ex:q 2 .\nex:c ex:q 3 .\nex:d %% 1 .',
      ['3:1', '5:6'],
    ],
    ['a prefix that is not declared, once', 'a:b ex:p 1 .\na:c ex:p 2 .\nb:c ex:p 2 .', ['2:1', '4:1']],
    [
      'a wrong declaration, not its uses',
      '@prefix e <http://e/> .\ne:a ex:p 1 .\nex:b ex:q %% .',
      ['2:9', '4:11'],
    ],
    [
      'no end of a statement in strings, IRIs and comments',
      'ex:a %% """x .\ny .\n""", <http://a.b/> # .\n .\nex:b %% 1 .',
      ['2:6', '6:6'],
    ],
    [
      'nothing after a long string that is not closed',
      "ex:a %% 1 .\nex:a ex:p '''a .\n%% .\n",
      ['2:6', '3:11'],
    ],
    ['after CR LF and CR line ends', 'ex:a %% 1 .\r\nex:b ex:p 1 .\rex:c %% 1 .', ['2:6', '4:6']],
  ])('Turtle: %s', async (_what, content, places) => {
    expect(await placesOf('a.ttl', PREFIX + content)).toEqual(places);
  });

  it.each([
    ['a.nt', '<a:s> <a:p> 1 .\n<a:s> <a:p> <a:o> .\n<a:s> <a:p>\n<a:o> .\n', ['1:13', '3:12', '4:7']],
    ['a.nq', '<a:s> <a:p> "x" "g" .\n<a:s> <rel> "x" <a:g> .', ['1:17', '2:7']],
    ['a.trig', `${PREFIX}ex:g { ex:a %% 1 . ex:a ex:p 2 }\nex:h { ex:a ex:p %% }\n`, ['2:13', '3:18']],
  ])('%s', async (name, content, places) => {
    expect(await placesOf(name, content)).toEqual(places);
  });

  it('are in the receipt, with those of the other documents', async () => {
    const spec = [
      { name: 'b.ttl', content: '%% .\n%% .\n' },
      { name: 'a.nt', content: '<a:s> 1 .' },
    ];
    const { findings } = await validate({ spec, gates: [{ name: 'c.rq', content: 'DESCRIBE <a:s>' }] });
    expect(findings.message).toBe('a.nt:1:7: "1" is not a token of this format (and 3 more errors)');
    expect(findings.error).toMatchObject({
      name: 'a.nt',
      line: 1,
      others: [
        { name: 'b.ttl', line: 1, column: 1, excerpt: '%% .' },
        { name: 'b.ttl', line: 2, column: 1, message: '"%%" is not a token of this format' },
        { name: 'c.rq', code: 'INVALID_QUERY', line: null },
      ],
    });
  });

  it('are twenty at most', async () => {
    expect(await placesOf('a.ttl', '%% .\n'.repeat(100))).toHaveLength(20);
  });
});

describe('RDF 1.2', () => {
  it.each([
    [
      'a triple term as subject',
      'a.ttl',
      `${PREFIX}<<( ex:b ex:q ex:c )>> ex:p 1 .`,
      1,
      'can only be an object',
    ],
    ['one in another', 'a.ttl', `${PREFIX}ex:a ex:p <<( <<( ex:b ex:q 1 )>> ex:q 1 )>> .`, 15, 'can only be'],
    ['a list in one', 'a.ttl', `${PREFIX}ex:a ex:p <<( ex:b ex:q ( 1 ) )>> .`, 25, 'cannot hold statements'],
    ['a node with properties', 'a.ttl', `${PREFIX}ex:a ex:p <<( [ ex:q 1 ] ex:q 1 )>> .`, 15, 'cannot hold'],
    [
      'a reified triple in one',
      'a.trig',
      `${PREFIX}ex:a ex:p <<( ex:b ex:q << ex:b ex:q 1 >> )>> .`,
      25,
      'cannot',
    ],
    ['a reified triple in lines', 'a.nt', '\n<< <a:b> <a:q> <a:c> >> <a:p> "1" .', 1, '"<<" is not a token'],
    ['a triple in lines of quads', 'a.nq', '\n<a:a> <a:p> "1" {| <a:q> "2" |} .', 17, '"{|" is not a token'],
    ['a version that goes on', 'a.nt', '\nVERSION "1.2" <a:a> <a:p> "1" .', 15, 'more than one statement'],
    [
      'deep triple terms',
      'a.ttl',
      `${PREFIX}ex:a ex:p ${'<<( ex:a ex:p '.repeat(101)}`,
      1411,
      'nested deeper than 100',
    ],
  ])('refuses %s at its position', async (_what, name, content, column, message) => {
    const error = await errorOf(name, content);
    expect(error.code).toBe('SYNTAX_ERROR');
    expect(error.message).toContain(message);
    expect(error.location).toMatchObject({ line: 2, column });
  });

  it.each([
    [
      'a.jsonld',
      '{"@context": {"@version": 1.1, "p": {"@id": "a:p", "@direction": "rtl", "@language": "ar"}}, "p": "x"}',
    ],
  ])('is refused where the parser of the format gives it: %s', async (name, content) => {
    expect((await errorOf(name, content)).code).toBe('UNSUPPORTED_RDF');
  });
});

describe('inputs', () => {
  it('have the format of their extension', () => {
    expect(['a.ttl', 'b/c.NT', 'c:\\d.nq', 'e.x.trig'].map(formatOf)).toEqual([
      'Turtle',
      'N-Triples',
      'N-Quads',
      'TriG',
    ]);
  });

  it.each(['a.xml', 'ttl', 'a.ttl/readme', ''])(
    'are refused without a known extension: "%s"',
    async (name) => {
      expect((await errorOf(name, '')).code).toBe('UNKNOWN_FORMAT');
    },
  );

  it('have the given format, whatever the extension', async () => {
    const { error } = await validate({
      spec: [{ name: 'typed in', content: '<a:s> <a:p> 1 .', format: 'Turtle' }],
    });
    expect(error).toBeNull();
  });

  it('are refused when the bytes are not UTF-8', async () => {
    expect((await errorOf('a.ttl', Uint8Array.of(0x23, 0xff, 0xfe))).code).toBe('NOT_UTF8');
  });
});
