/** The installed command line in one runtime. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SPEC =
  '@prefix sh: <http://www.w3.org/ns/shacl#> . [] a sh:NodeShape ; sh:targetNode <x> ; sh:nodeKind sh:IRI .';

/** Starts a workspace, saves, asks, exports, runs an agent, and fails in the documented ways. */
export function tryCommandLine({ project }, { command, file: toArguments }) {
  const folder = mkdtempSync(path.join(project, 'command-line-'));
  const program = path.join(project, 'node_modules/ggen-sim/dist/main.mjs');
  const ggenSim = (argumentList, exitCode = 0) => {
    const end = spawnSync(command, toArguments(program, argumentList), { cwd: folder, encoding: 'utf8' });
    assert.equal(
      end.status,
      exitCode,
      `${argumentList.join(' ')}: ${end.stdout}${end.stderr}${end.error ?? ''}`,
    );
    return end;
  };
  ggenSim(['start']);
  const { stdout: id } = ggenSim([
    'db',
    'save-receipt',
    'e1',
    'a1',
    'validation',
    '{"n":1}',
    'success',
    '12',
  ]);
  assert.equal(JSON.parse(ggenSim(['db', 'get-receipt', id.trim()]).stdout).n, 1);
  assert.equal(JSON.parse(ggenSim(['db', 'query-receipts', 'a*', 'json']).stdout).length, 1);
  ggenSim(['db', 'log-audit', 'a1', 'save', 'completed']);
  ggenSim(['db', 'export-audit-trail', 'csv', 'audit.csv']);
  assert.match(readFileSync(path.join(folder, 'audit.csv'), 'utf8'), /,save,/);
  writeFileSync(path.join(folder, 'network.ttl'), SPEC);
  ggenSim(['run-agent', 'validation', '--spec', 'network.ttl']);
  assert.equal(JSON.parse(ggenSim(['db', 'stats']).stdout).receipts_total, 2);
  ggenSim(['db', 'backup', 'backup']);
  assert(existsSync(path.join(folder, 'backup/manifest.json')));
  assert.match(
    ggenSim(['db', 'save-receipt', 'e2', 'a1', 'validation', '{'], 1).stderr,
    /^error\[INVALID_JSON\]/,
  );
  assert.match(ggenSim(['db', 'restore', 'backup'], 1).stderr, /^error\[ALREADY_EXISTS\]/);
  assert.match(ggenSim(['db', 'no-such-command'], 64).stderr, /no-such-command/);
}
