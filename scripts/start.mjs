// Validates the example ontologies, which records each run, and shows the records.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const program = path.join(root, 'packages/cli/dist/ggen-sim.cjs');
const shown = (argument) => (/^[\w./:@%*-]+$/.test(argument) ? argument : `'${argument}'`);

/** Runs a command as a user would, with its output on this terminal. */
function ggenSim(argumentList, { expect = [0], quiet = false } = {}) {
  console.log(`\n$ ggen-sim ${argumentList.map(shown).join(' ')}`);
  const { status } = spawnSync(process.execPath, [program, ...argumentList], {
    cwd: root,
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
  });
  if (!expect.includes(status)) {
    console.error(`unexpected exit code ${status}`);
    process.exit(1);
  }
}

const validation = ['run-agent', 'validation', '--spec'];
const shapes = ['--shapes', 'examples/water-network.shapes.ttl'];

ggenSim(['start']);
ggenSim([...validation, 'examples/water-network.ttl', ...shapes], { quiet: true });
ggenSim([...validation, 'examples/water-network-violations.ttl', ...shapes], { expect: [2], quiet: true });
ggenSim([...validation, 'examples/water-glossary.ttl'], { quiet: true });
ggenSim([...validation, 'examples/syntax-error.ttl'], { expect: [1], quiet: true });
ggenSim(['db', 'query-receipts', '%', 'table', '10']);
ggenSim(['db', 'analytics', '%', 'last-7-days']);
ggenSim(['db', 'stats']);

console.log(`
The database is workspace/.ggen/ggen.db, an ordinary SQLite file. Try next:

  alias ggen-sim='node ${path.relative(process.cwd(), program)}'
  ggen-sim db query-receipts | jq '.[0].receipt_json | fromjson | .violations'
  ggen-sim db query-audit-trail '%' 7 table
  ggen-sim db backup
  sqlite3 workspace/.ggen/ggen.db 'SELECT status, count(*) FROM receipts GROUP BY status'
  ggen-sim --help`);
