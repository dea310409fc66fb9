/** The validation agent on the command line. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Sandbox, parseRows } from './run-cli.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const sandbox = new Sandbox();
const file = (name: string, content: string): string => {
  mkdirSync(dirname(join(sandbox.directory, name)), { recursive: true });
  writeFileSync(join(sandbox.directory, name), content);
  return name;
};
const prefixes = `@prefix ex: <http://example.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
`;
const shapes = file(
  'shapes.ttl',
  `${prefixes}ex:PersonShape a sh:NodeShape ; sh:targetClass ex:Person ;
  sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:message "A person has a name" ] .
`,
);
const good = file('good.ttl', `${prefixes}ex:ann a ex:Person ; ex:name "Ann" .\n`);
const bad = file('bad.ttl', `${prefixes}ex:bob a ex:Person .\n`);
const broken = file('broken.ttl', `${prefixes}ex:a ex:b ex:c\nex:d ex:e ex:f .\n`);

const validate = async (...words: string[]): ReturnType<Sandbox['run']> =>
  sandbox.run(['run-agent', 'validation', ...words]);

describe('run-agent validation', () => {
  it('exits with 0 and prints the receipt when the spec conforms', async () => {
    const { exitCode, stdout, stderr } = await validate(
      '--spec',
      good,
      '--shapes',
      shapes,
      '--execution-id',
      'run-1',
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'success', conforms: true, execution_id: 'run-1' });
    expect(stderr).toMatch(/^Conforms: .*\nReceipt: [0-9a-f]{64}\n$/u);
    const receiptId = stderr.trim().split(' ').at(-1) ?? '';
    expect(await sandbox.db('get-receipt', receiptId)).toBe(stdout);
  });

  it('leaves a receipt that verify-receipt checks', async () => {
    const { stderr } = await validate('--spec', good, '--shapes', shapes);
    const receiptId = stderr.trim().split(' ').at(-1) ?? '';
    const verify = async (...words: string[]): ReturnType<Sandbox['run']> =>
      sandbox.run(['verify-receipt', receiptId.slice(0, 40), ...words]);
    const same = await verify('--file', good, '--file', shapes, '--rerun');
    expect({ exitCode: same.exitCode, stderr: same.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(same.stdout)).toMatchObject({ ok: true, not_checked: [], differences: [] });
    const changed = file('changed/good.ttl', `${prefixes}ex:ann a ex:Person ; ex:name "Anna" .\n`);
    const other = await verify('--file', changed, '--file', shapes);
    expect(other.exitCode).toBe(1);
    expect(other.stderr).toMatch(/^error\[RECEIPT_DIFFERS\]: inputs good\.ttl differs .*and 1 more/u);
    expect(JSON.parse(other.stdout)).toMatchObject({ ok: false });
  });

  it('prints a report instead of the receipt, and fails from the severity that is asked for', async () => {
    const mild = file(
      'mild.ttl',
      `${prefixes}ex:M sh:targetClass ex:Person ; sh:severity sh:Warning ; sh:nodeKind sh:Literal .\n`,
    );
    const failing = await validate(
      '--spec',
      good,
      '--shapes',
      mild,
      '--format',
      'github',
      '--fail-on',
      'warning',
    );
    expect(failing.exitCode).toBe(2);
    expect(failing.stdout).toMatch(/^::warning file=good\.ttl,title=NodeKindConstraintComponent::.*\n$/u);
    const passing = await validate(
      '--spec',
      good,
      '--shapes',
      mild,
      '--format',
      'text',
      '--fail-on',
      'violation',
    );
    expect(passing.exitCode).toBe(0);
    expect(passing.stdout).toMatch(/^Warning: .*\n(?:.*\n)*Does not conform: 1 warning; .*\n$/u);
    expect(passing.stderr).toMatch(/^Receipt: [0-9a-f]{64}\n$/u);
  });

  it('takes imported files with their IRIs', async () => {
    const importing = file(
      'importing.ttl',
      '<> <http://www.w3.org/2002/07/owl#imports> <http://example.org/shapes?v=1> .\n',
    );
    const words = ['--spec', bad, '--shapes', importing, '--import'];
    const { exitCode, stdout } = await validate(...words, `http://example.org/shapes?v=1=${shapes}`);
    expect({ exitCode, receipt: JSON.parse(stdout) as unknown }).toMatchObject({
      exitCode: 2,
      receipt: { not_evaluated: [], counts: { violations: 1 } },
    });
  });

  it('takes imports from a folder, by the ontologies that they describe, and from a catalog', async () => {
    const owl = '@prefix owl: <http://www.w3.org/2002/07/owl#> .';
    const importing = file('imports/importing.ttl', `${owl} <> owl:imports <http://example.org/all> .\n`);
    file(
      'imports/all/deep/all.ttl',
      `${owl} <http://example.org/all> a owl:Ontology ; owl:imports <a:b> .\n`,
    );
    file(
      'imports/all/b.ttl',
      `${owl} ${readFileSync(join(sandbox.directory, shapes), 'utf8')}
      <a:other> a owl:Ontology ; owl:versionIRI <a:b> .\n`,
    );
    file('imports/all/notes.txt', 'no RDF');
    const catalog = file(
      'imports/catalog.xml',
      `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
         <uri name="http://example.org/all" uri="all/deep/all.ttl"/><uri name="a:c" uri="https://example.org/c"/>
         <group xml:base="all/"><uri name="a:b" uri="b.ttl"/></group><nextCatalog catalog="catalog.xml"/>
       </catalog>\n`,
    );
    for (const given of ['imports/all', catalog]) {
      const { exitCode, stdout } = await validate('--spec', bad, '--shapes', importing, '--import', given);
      expect({ exitCode, receipt: JSON.parse(stdout) as unknown }).toMatchObject({
        exitCode: 2,
        receipt: { not_evaluated: [], counts: { violations: 1 } },
      });
    }
    const missing = await validate('--spec', bad, '--shapes', importing, '--import', 'imports/all/deep');
    expect(JSON.parse(missing.stdout)).toMatchObject({ not_evaluated: ['owl:imports <a:b>'] });
    const none = await validate('--spec', bad, '--import', file('imports/none.xml', '<a/>'));
    expect(none.stderr).toMatch(/imports\/none\.xml is no XML catalog/u);
  });

  it('leaves out what a catalog lists elsewhere, and names a folder without documents', async () => {
    const catalog = file(
      'elsewhere/catalog.xml',
      `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
         <uri name="a:1" uri="file://otherhost/c.ttl"/><uri name="a:2" uri="http://[bad/"/>
         <uri name="a:3" uri="b%2Ftt.ttl"/><nextCatalog catalog="http://[bad/"/>
       </catalog>\n`,
    );
    const { exitCode, stdout, stderr } = await validate(
      '--spec',
      good,
      '--shapes',
      shapes,
      '--import',
      catalog,
    );
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect((JSON.parse(stdout) as { inputs: unknown[] }).inputs).toHaveLength(2);
    const base = file('elsewhere/base.xml', '<catalog xml:base="http://[bad/"/>\n');
    const badBase = await validate('--spec', good, '--import', base);
    expect(badBase.stderr).toMatch(/base\.xml has an xml:base that is no URL/u);
    mkdirSync(join(sandbox.directory, 'empty'), { recursive: true });
    const empty = await validate('--spec', good, '--import', 'empty');
    expect(empty.stderr).toMatch(/the folder empty has no documents to import/u);
  });

  it.skipIf(process.platform === 'win32')('follows links to files in a folder of imports', async () => {
    const owl = '@prefix owl: <http://www.w3.org/2002/07/owl#> .';
    const importing = file('links/importing.ttl', `${owl} <> owl:imports <a:linked> .\n`);
    file('links/real/linked.ttl', `${owl} <a:linked> a owl:Ontology .\n`);
    mkdirSync(join(sandbox.directory, 'links/only'), { recursive: true });
    symlinkSync('../real/linked.ttl', join(sandbox.directory, 'links/only/linked.ttl'));
    const { stdout } = await validate('--spec', bad, '--shapes', importing, '--import', 'links/only');
    expect(JSON.parse(stdout)).toMatchObject({ not_evaluated: [] });
  });

  it('takes absolute paths in a ggen.toml', async () => {
    const gate = file('absolute/gate.rq', 'ASK { ?x a <http://example.org/None> }\n');
    const toml = file(
      'absolute/ggen.toml',
      `[validation]\ngates = [${JSON.stringify(join(sandbox.directory, gate))}]\n`,
    );
    const { stdout } = await validate('--spec', good, '--config', toml);
    expect(JSON.parse(stdout)).toMatchObject({ counts: { gates: 1 } });
  });

  it('takes gates, imports, base and prefixes of a ggen.toml', async () => {
    const toml = file(
      'project/ggen.toml',
      `[ontology]
       source = "any.ttl"
       imports = ["more.ttl"]
       base_iri = "http://example.org/"
       prefixes = { ex = "http://example.org/" }
       [validation]
       gates = ["gates/named.rq"]\n`,
    );
    file('project/more.ttl', '<zoe> a <Person> .\n');
    file(
      'project/gates/named.rq',
      '# MESSAGE: No name\nSELECT ?this { ?this a ex:Person MINUS { ?this ex:name ?name } }\n',
    );
    const { exitCode, stdout } = await validate('--spec', good, '--config', toml);
    expect({ exitCode, receipt: JSON.parse(stdout) as unknown }).toMatchObject({
      exitCode: 2,
      receipt: {
        files_validated: 2,
        violations: [
          {
            focus_node: '<http://example.org/zoe>',
            message: 'No name (?this <http://example.org/zoe>)',
          },
        ],
      },
    });
    const wrong = file('project/wrong.toml', '[validation]\ngates = "a.rq"\n');
    expect((await validate('--spec', good, '--config', wrong)).stderr).toMatch(
      /wrong\.toml: gates in \[validation\] must be a list of files/u,
    );
  });

  it('the table of receipts says whether an error is violations or a failed run', async () => {
    for (const spec of [bad, broken])
      await validate('--spec', spec, '--shapes', shapes, '--agent-id', 'which');
    const table = await sandbox.db('query-receipts', 'which', 'table');
    expect(table).toMatch(/ error \(failed\) .*\n.* error \(violations\) /u);
    const rows = parseRows(await sandbox.db('query-receipts', 'which'));
    expect(rows.map(({ status }) => status)).toEqual(['error', 'error']);
  });

  it('exits with 2 and prints the violations', async () => {
    const { exitCode, stdout, stderr } = await validate(
      '--spec',
      bad,
      '--shapes',
      shapes,
      '--agent-id',
      'checker',
    );
    expect(exitCode).toBe(2);
    const { violations } = JSON.parse(stdout) as { violations: Record<string, unknown>[] };
    expect(violations).toMatchObject([
      { focus_node: '<http://example.org/bob>', message: 'A person has a name' },
    ]);
    expect(stderr).toContain(
      'Violation: ex:bob\n  path     ex:name\n  shape    ex:PersonShape\n  message  A person has a name\n',
    );
    expect(parseRows(await sandbox.db('query-audit-trail', 'checker')).map((row) => row['status'])).toEqual([
      'completed',
      'started',
    ]);
  });

  it('exits with 1 on a syntax error, prints file, line and column, and saves a receipt', async () => {
    const { exitCode, stdout, stderr } = await validate('--spec', broken);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'error', conforms: null });
    expect(stderr).toMatch(
      /^ {2}ex:d ex:e ex:f \.\n {2}\^\nReceipt: .*\nerror\[SYNTAX_ERROR\]: broken\.ttl:4:1: .*\n$/u,
    );
  });

  it('exits with 0 and status partial when there are no shapes', async () => {
    const { exitCode, stdout, stderr } = await validate('--spec', good);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'partial', conforms: null, files_validated: 0 });
    expect(stderr).toContain('Nothing to validate against');
    expect(stderr).not.toMatch(/passed|success|conforms/iu);
  });

  it('takes several files for each option', async () => {
    const { exitCode, stdout } = await validate('--spec', good, bad, '--shapes', shapes);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ files_validated: 2 });
    expect((await validate('--spec', good, '--spec', bad, '--shapes', shapes)).exitCode).toBe(2);
  });

  it('validates each file by itself, in their order, and exits with the worst code', async () => {
    const large = file(
      'large.ttl',
      `${prefixes}${Array.from({ length: 300 }, (_, n) => `ex:p${n} a ex:Person ; ex:name "${n}" .`).join('\n')}\n`,
    );
    const files = [large, good, bad, broken, good];
    const each = (...words: string[]): ReturnType<Sandbox['run']> =>
      validate('--shapes', shapes, '--each', ...words, '--spec', ...files);
    const { exitCode, stdout, stderr } = await each();
    const receipts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { conforms: boolean | null; inputs: { name: string }[] });
    expect(receipts.map(({ inputs }) => inputs[0]?.name)).toEqual(files);
    expect(receipts.map(({ conforms }) => conforms)).toEqual([true, true, false, null, true]);
    expect(exitCode).toBe(1);
    expect(stderr.match(/^Receipt: /gmu)).toHaveLength(5);
    expect(stderr).toMatch(/^5 of 5 files: some failed, some do not conform\n$/mu);
    const sarif = await each('--format', 'sarif');
    expect(JSON.parse(sarif.stdout)).toMatchObject({
      runs: [{ invocations: files.map((name) => ({ executionSuccessful: name !== broken })), results: [{}] }],
    });
    const text = await each('--format', 'text');
    expect(text.stdout.match(/^\S+\.ttl:$/gmu)).toEqual(files.map((name) => `${name}:`));
    expect((await each('--execution-id', 'all')).exitCode).toBe(64);
    expect((await validate('--spec', good, bad, '--shapes', shapes, '--each')).exitCode).toBe(2);
  });

  it.skipIf(process.platform === 'win32')(
    'is run by the example workflow as it is written there',
    async () => {
      const workflow = readFileSync(join(EXAMPLES, 'validation-workflow.yml'), 'utf8');
      const commands = workflow.match(/npx ggen-sim (?:.*\\\n)*.*/gu) ?? [];
      expect(commands).toHaveLength(2);
      file('workflow/ontology/a.ttl', readFileSync(join(sandbox.directory, bad), 'utf8'));
      file('workflow/ontology/b.ttl', readFileSync(join(sandbox.directory, good), 'utf8'));
      file('workflow/shapes/s.ttl', readFileSync(join(sandbox.directory, shapes), 'utf8'));
      for (const command of commands) {
        const { exitCode } = await sandbox.shell(`cd workflow && ${command.replace('npx ', '')}`);
        expect(exitCode).toBe(2);
      }
      const written = (name: string): string =>
        readFileSync(join(sandbox.directory, 'workflow', name), 'utf8');
      expect(JSON.parse(written('results.sarif'))).toMatchObject({
        runs: [{ results: [{ level: 'error' }] }],
      });
      expect(written('results.xml').match(/<testsuite /gu)).toHaveLength(2);
    },
  );

  it('takes the example of a ggen project', async () => {
    const project = join(EXAMPLES, 'ggen-project/ggen.toml');
    const spec = join(EXAMPLES, 'water-network.ttl');
    const { exitCode, stdout } = await validate('--spec', spec, '--config', project);
    expect({ exitCode, receipt: JSON.parse(stdout) as unknown }).toMatchObject({
      exitCode: 2,
      receipt: { violations: [{ focus_node: '<https://example.org/sensors/flow-1>' }] },
    });
  });

  it('exits with 3 when a part of the shapes was not evaluated', async () => {
    const rules = file(
      'rules.ttl',
      `${prefixes}ex:S sh:targetClass ex:Person ; sh:nodeKind sh:IRI ; sh:rule [] .\n`,
    );
    const { exitCode, stdout, stderr } = await validate('--spec', good, '--shapes', rules);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'partial',
      conforms: null,
      not_evaluated: ['sh:rule'],
    });
    expect(stderr).toMatch(
      /^No violations found, but not everything was checked; .* not evaluated: sh:rule\n/u,
    );
    expect((await validate('--spec', bad, '--shapes', shapes, rules)).exitCode).toBe(2);
  });

  it('exits with 3 when nothing was validated and --strict is given', async () => {
    expect((await validate('--spec', good, '--strict')).exitCode).toBe(3);
    expect((await validate('--spec', good, '--shapes', shapes, '--strict')).exitCode).toBe(0);
  });

  it.each([
    ['missing.ttl', 'no such file or directory'],
    ['.', 'it is a folder'],
  ])('exits with 1 when %s cannot be read, names it and saves a receipt', async (name, reason) => {
    const { exitCode, stdout, stderr } = await validate('--spec', good, name);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'error',
      message: `${name}: ${reason}`,
      error: { code: 'IO_ERROR', name },
    });
    expect(stderr).toMatch(/^Receipt: [0-9a-f]{64}\nerror\[IO_ERROR\]: /u);
    expect(stderr).toContain(`error[IO_ERROR]: ${name}: ${reason}.\n`);
  });

  it('refuses a used execution id', async () => {
    const { exitCode, stderr } = await validate('--spec', bad, '--execution-id', 'run-1');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('error[DUPLICATE_EXECUTION]');
  });

  it('prints the receipt that it cannot save, the reason, and exits with 4', async () => {
    await sandbox.db('init');
    const words = `run-agent validation --spec ${bad} --shapes ${shapes} --execution-id`;
    const { exitCode, stdout, stderr } = await sandbox.shell(
      `ulimit -f 1; ggen-sim ${words} full | cat; exit \${PIPESTATUS[0]}`,
    );
    expect(exitCode).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ conforms: false, violations: [{}], execution_id: 'full' });
    expect(stderr).toMatch(
      /^Violation: [^]*\nDoes not conform: .*\nerror\[DISK_FULL\]: The run has ended, but its receipt is not saved: .*\n$/u,
    );
    expect(stderr).not.toContain('Receipt: ');
    // A failed run that cannot be saved tells both reasons, and a full standard output hides none of them.
    const failed = await sandbox.shell(
      `ulimit -f 1; ggen-sim run-agent validation --spec ${broken} > /dev/full`,
    );
    expect(failed.exitCode).toBe(4);
    expect(failed.stderr).toMatch(
      /error\[SYNTAX_ERROR\]: .*\nerror\[IO_ERROR\]: .*\nerror\[DISK_FULL\]: .*\n$/u,
    );
  });

  it('exits with the code of the run when the reader closes the pipe', async () => {
    const script = `ggen-sim run-agent validation --spec ${bad} --shapes ${shapes} | true; exit \${PIPESTATUS[0]}`;
    expect((await sandbox.shell(script)).exitCode).toBe(2);
  });
});

/** Words of a validation that takes longer than anyone waits: each further letter doubles its time. */
function backtracking(): string[] {
  const pattern = `ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:pattern "^(a+)+$" ] .`;
  const text = `${prefixes}${pattern} ex:x ex:p "${'a'.repeat(60)}!" .\n`;
  return ['run-agent', 'validation', '--spec', file('backtracking.ttl', text)];
}

/** Waits until a thread beside the main one has worked for a second (Linux: `/proc`). */
async function isBacktracking({ pid }: ChildProcess): Promise<void> {
  const ticksOf = (thread: string): number => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[12]);
  };
  const hasWorked = (thread: string): boolean => thread !== String(pid) && ticksOf(thread) >= 100;
  while (!readdirSync(`/proc/${pid}/task`).some(hasWorked)) await pause(10);
}

describe('a validation that does not end', () => {
  it('is ended by its time limit and leaves a receipt', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run([...backtracking(), '--time-limit', '1']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'error',
      conforms: null,
      error: { code: 'TIME_LIMIT' },
    });
    expect(stderr).toMatch(/^Receipt: .*\nerror\[TIME_LIMIT\]: The run took longer than 1 s\. .*\n$/u);
  });

  it('prints its receipt also when the database is gone', async () => {
    await sandbox.db('init', '--db', 'gone.db');
    const { exitCode, stdout, stderr } = await sandbox.runProcess([...backtracking(), '--db', 'gone.db'], {
      whileRunning: (child) =>
        void (async () => {
          await isBacktracking(child);
          rmSync(join(sandbox.directory, 'gone.db'));
          child.kill('SIGTERM');
        })(),
    });
    expect(exitCode).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ABORTED' } });
    expect(stderr).toMatch(
      /error\[ABORTED\]: .*\nerror\[STORAGE_RESET\]: The run has ended, but its receipt is not saved: .*\n$/u,
    );
  });

  it('is ended by SIGTERM and leaves a receipt', async () => {
    const { exitCode, stdout, stderr } = await sandbox.runProcess(backtracking(), {
      whileRunning: (child) => void isBacktracking(child).then(() => child.kill('SIGTERM')),
    });
    expect(exitCode).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'error', error: { code: 'ABORTED' } });
    expect(stderr).toMatch(/\nerror\[ABORTED\]: The run was aborted\.\n$/u);
  });

  it('waits for nothing after a second signal', async () => {
    const holder = spawn('sqlite3', [sandbox.databasePath], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const { exitCode, stdout } = await sandbox.runProcess(backtracking(), {
        whileRunning: (child) =>
          void (async () => {
            await isBacktracking(child);
            // The receipt of the aborted run waits for this lock.
            holder.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
            await new Promise((resolve) => holder.stdout.once('data', resolve));
            child.kill('SIGTERM');
            child.kill('SIGINT');
          })(),
      });
      expect([130, 143]).toContain(exitCode);
      expect(stdout).toBe('');
    } finally {
      holder.stdin.end('ROLLBACK;\n');
      await new Promise((resolve) => holder.once('exit', resolve));
    }
  });
});
