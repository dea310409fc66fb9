import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './tarballs.mjs';

/** Saves through every library, from the packages' own documentation. */
const PROGRAM = `
import { strict as assert } from 'node:assert';
import { openPersistence } from '@ggen-sim/core';
import { AGENTS, runAgent } from '@ggen-sim/agents';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';

const notes = await openDatabase(fileStorage('notes.db'));
notes.database.run("CREATE TABLE note(text); INSERT INTO note VALUES ('kept')");
notes.close();
const reopened = await openDatabase(fileStorage('notes.db'));
assert.equal(reopened.database.exec('SELECT text FROM note')[0].values[0][0], 'kept');
reopened.close();

const db = await openPersistence({ storage: 'file', path: 'core.db' });
await db.saveReceipt({ executionId: 'e', agentId: 'a', agentType: 't', receipt: '{}' });
const content = '@prefix sh: <http://www.w3.org/ns/shacl#> . [] a sh:NodeShape ; sh:targetNode <x> ; sh:nodeKind sh:IRI .';
const validation = await runAgent(AGENTS.validation, db, { spec: [{ name: 'network.ttl', content }] });
assert.equal(validation.status, 'success', validation.message);
assert.equal((await db.stats()).receiptsTotal, 2);
await db.close();
`;

/** Names of the entries that Node can load: each but those whose only build is for browsers. */
const nodeEntries = ({ name, manifest }) =>
  Object.entries(manifest.exports ?? {})
    .filter(([, conditions]) => !conditions.default.startsWith('./dist/browser/'))
    .map(([entry]) => path.posix.join(name, entry));

/** Imports every entry of every package in Node, then saves and reads with each library. */
export function tryInNode(project, tarballs) {
  const entries = tarballs.flatMap((tarball) => nodeEntries(tarball));
  writeFileSync(
    path.join(project, 'entries.mjs'),
    entries.map((entry) => `await import('${entry}');\n`).join(''),
  );
  writeFileSync(path.join(project, 'program.mjs'), PROGRAM);
  run(process.execPath, ['entries.mjs'], { cwd: project });
  run(process.execPath, ['program.mjs'], { cwd: project });
}

/** Runs the installed `ggen-sim`: its version, a save, and the numbers that the save changed. */
export function tryCommandLine(project, tarballs) {
  const { manifest } = tarballs.find(({ name }) => name === 'ggen-sim');
  const ggenSim = (...argumentList) =>
    run(path.join(project, 'node_modules/.bin/ggen-sim'), argumentList, { cwd: project });
  assert.equal(ggenSim('--version').trim(), manifest.version);
  ggenSim(
    'db',
    'save-receipt',
    'exec-001',
    'validator-1',
    'validation',
    '{"status":"success"}',
    'success',
    '12',
  );
  assert.equal(JSON.parse(ggenSim('db', 'stats')).receipts_total, 1);
}
