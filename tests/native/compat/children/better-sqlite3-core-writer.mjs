/** Arguments: file, writer's name, rows, journal mode. Writes the three rows of one record with better-sqlite3. */
import Database from 'better-sqlite3';

const [file = '', writer = '', rows = '0', journalMode = 'delete'] = process.argv.slice(2);
const database = new Database(file, { timeout: 60_000 });
database.pragma(`journal_mode = ${journalMode}`);
const receipt = database.prepare(
  `INSERT INTO receipts (receipt_id, execution_id, agent_id, agent_type, receipt_json, status) VALUES (?, ?, ?, 'native', '{}', 'success')`,
);
const audit = database.prepare(
  `INSERT INTO audit_log (audit_id, agent_id, operation, status) VALUES (?, ?, ?, 'completed')`,
);
const save = database.transaction((/** @type {string} */ name) => {
  receipt.run(name, name, writer);
  audit.run(name, writer, name);
});
for (let row = 0; row < Number(rows); row++) {
  save.immediate(`${writer}-${row}`);
  process.stdout.write(`${writer}-${row}\n`);
}
database.close();
