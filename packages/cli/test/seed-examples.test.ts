/** Examples of the original documentation, unchanged, in a real shell with real jq and sqlite3. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Sandbox, parseRows } from './run-cli.ts';

const SHELL_INIT = 'eval "$(ggen-sim shell-init bash)"\n';

const saving = String.raw`
receipt_data='{
    "status": "success",
    "files_generated": 12,
    "rules_executed": 5,
    "inference_rules": 3,
    "generation_rules": 2,
    "determinism_hash": "sha256:abc123..."
}'

db_save_receipt "exec-001" "validator-1" "validation" "$receipt_data" "success" 1234

agent_state='{
    "active": true,
    "iterations": 5,
    "results": [
        {"rule": "validate_schema", "status": "passed"},
        {"rule": "extract_data", "status": "passed"}
    ],
    "context": {
        "ontology_loaded": true,
        "templates_count": 12
    }
}'

db_save_memory "agent-validator" "validation" "$agent_state"

# Log successful operation
db_log_audit "agent-1" "validate_schema" "completed" "validation" 1200 "Schema validated" ""

# Log failed operation
db_log_audit "agent-1" "render_template" "failed" "rendering" 0 "" "Template not found: layout.tera"
`;

describe('the functions of database/persistence.sh', () => {
  const sandbox = new Sandbox();
  /** What `shell-init` prints, so that only one example needs a process for it. */
  let functions = '';
  const bash = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await sandbox.shell(`set -euo pipefail\n${functions}${script}`);
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };

  beforeAll(async () => {
    await bash(SHELL_INIT + saving);
    functions = (await sandbox.run(['shell-init', 'bash'])).stdout;
  });

  it('db_init', async () => {
    const stdout = await bash(`
      if db_init; then
          echo "Database ready"
      else
          echo "Database initialization failed"
          exit 1
      fi`);
    expect(stdout).toBe('Database ready\n');
  });

  it('db_init prints an error and returns 1 on failure', async () => {
    const { exitCode, stdout, stderr } = await sandbox.shell(`${functions}
      DB_PATH=/dev/null/no.db
      if db_init; then echo ready; else echo "returned $?"; fi`);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'returned 1\n' });
    expect(stderr).toContain('Database initialization failed');
  });

  it('db_query_receipts', async () => {
    const jq = await bash(`db_query_receipts "validator-*" json 100 | jq -c '.[] | {execution_id, status}'`);
    expect(jq).toBe('{"execution_id":"exec-001","status":"success"}\n');
    await bash(`db_save_receipt exec-agent agent-1 generation '{}'
      db_query_receipts "agent-%"  csv 1000 > receipts.csv`);
    const csv = readFileSync(join(sandbox.directory, 'receipts.csv'), 'utf8').split('\r\n');
    expect(csv[0]).toBe(
      'receipt_id,execution_id,agent_id,agent_type,receipt_json,status,created_at,updated_at,duration_ms',
    );
    expect(csv).toHaveLength(3);
  });

  it('db_get_receipt', async () => {
    const stdout = await bash(`
      receipt_id=$(db_query_receipts "validator-1" | jq -r '.[0].receipt_id')
      receipt_json=$(db_get_receipt "$receipt_id")
      echo "$receipt_json" | jq '.determinism_hash'`);
    expect(stdout).toBe('"sha256:abc123..."\n');
  });

  it('db_get_memory', async () => {
    const stdout = await bash(`
      memory=$(db_get_memory "agent-validator")
      echo "$memory" | jq '.active'`);
    expect(stdout).toBe('true\n');
  });

  it('db_query_memory', async () => {
    const stdout = await bash(`
      db_query_memory "%" json | jq -c '.[] | {agent_id, agent_type, version}'
      db_query_memory "agent-*" csv > agent_memory.csv`);
    expect(stdout).toBe('{"agent_id":"agent-validator","agent_type":"validation","version":1}\n');
    const csv = readFileSync(join(sandbox.directory, 'agent_memory.csv'), 'utf8');
    expect(csv.startsWith('memory_id,agent_id,agent_type,memory_json,last_updated,version\r\n')).toBe(true);
  });

  it('db_query_audit_trail', async () => {
    const stdout = await bash(`
      db_query_audit_trail "agent-%" 7 1000 json | jq -c '.[] | select(.status == "failed") | {operation, error_message}'
      db_query_audit_trail "agent-*" 30 10000 csv > audit_trail.csv
      db_query_audit_trail "%" 7 1 | jq length`);
    expect(stdout).toBe(
      '{"operation":"render_template","error_message":"Template not found: layout.tera"}\n1\n',
    );
    expect(readFileSync(join(sandbox.directory, 'audit_trail.csv'), 'utf8').split('\r\n')).toHaveLength(4);
  });

  it('db_log_audit: empty arguments count as not given', async () => {
    const rows = parseRows(await bash('db_query_audit_trail "agent-1"'));
    const failed = rows.find((row) => row['status'] === 'failed');
    expect(failed).toMatchObject({ details: null, duration_ms: 0, operation_type: 'rendering' });
    expect(rows.find((row) => row['status'] === 'completed')).toMatchObject({ error_message: null });
  });

  it('db_export_audit_trail', async () => {
    await bash(`
      db_export_audit_trail
      db_export_audit_trail "./audit-2026-01.json" json
      db_export_audit_trail "./audit.csv" csv
      jq -e 'length == 2' audit-export-*.json
      jq -e 'length == 2' audit-2026-01.json`);
    expect(readFileSync(join(sandbox.directory, 'audit.csv'), 'utf8')).toContain('Schema validated');
  });

  it('db_export_full_backup', async () => {
    await bash('db_export_full_backup "./backups/2026-01-29"\ndb_export_full_backup');
    for (const folder of ['backups/2026-01-29', '.ggen-backup']) {
      for (const file of ['receipts.json', 'agent_memory.json', 'audit_log.json', 'manifest.json']) {
        expect(JSON.parse(readFileSync(join(sandbox.directory, folder, file), 'utf8'))).toBeTruthy();
      }
    }
  });

  it('db_analytics', async () => {
    const stdout = await bash(`
      db_analytics "%" "last-7-days" | jq -c '.agent_metrics[] | {agent_id, total_operations}'
      db_analytics "validator-*" "last-30-days" | jq -c '.receipt_statistics'
      db_analytics | jq -c 'keys_unsorted'`);
    expect(stdout.split('\n')).toEqual([
      '{"agent_id":"agent-1","total_operations":2}',
      '[{"status":"success","count":1,"avg_duration_ms":1234}]',
      '["period","generated_at","agent_metrics","receipt_statistics"]',
      '',
    ]);
  });

  it('db_stats', async () => {
    expect(await bash(`db_stats | jq -c 'keys_unsorted'`)).toBe(
      '["receipts_total","receipts_success","receipts_error","agents_tracked","audit_entries","database_size_kb","last_receipt"]\n',
    );
  });

  it('db_cleanup', async () => {
    expect(JSON.parse(await bash('db_cleanup 90'))).toMatchObject({ days: 90, receipts_deleted: 0 });
    expect(JSON.parse(await bash('db_cleanup 30'))).toMatchObject({ days: 30 });
  });

  it('db_reset', async () => {
    const stdout = await bash(`
      db_export_full_backup "./backup-before-reset" > /dev/null
      db_reset
      db_stats | jq -c '[.receipts_total, .agents_tracked, .audit_entries]'`);
    expect(stdout).toBe('[0,0,0]\n');
  });

  it('programmatic usage', async () => {
    const stdout = await bash(`
      db_init || exit 1
      receipt='{"status":"success","files":5}'
      db_save_receipt "exec-1" "agent-1" "validation" "$receipt" > id.txt
      db_query_receipts "agent-%" | jq -r '.[0].receipt_json'
      db_analytics "agent-%" "last-7-days" | jq '.receipt_statistics[0].count'`);
    expect(stdout).toBe('{"status":"success","files":5}\n1\n');
  });
});

describe('./main.sh', () => {
  const sandbox = new Sandbox();
  const bash = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await sandbox.shell(`set -euo pipefail\n${script}`);
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };

  it('starts and creates the database', async () => {
    expect(await bash(`ggen-sim start\nggen-sim db stats | jq '.receipts_total'`)).toBe('0\n');
    expect(statSync(sandbox.databasePath).mode & 0o777).toBe(0o600);
  });

  it('queries, exports and reports', async () => {
    await bash(`
      ggen-sim db save-receipt exec-001 validator-1 validation '{"ok":true}' success 1234
      ggen-sim db save-memory agent-validator validation '{"active":true}'
      ggen-sim db log-audit agent-1 validate_schema completed validation 1200 "Schema validated" ""`);
    const stdout = await bash(`
      ggen-sim db query-receipts "validator-*" json | jq -c '.[] | {execution_id, status}'
      ggen-sim db export-audit-trail json ./audit-export.json | jq -r '.path'
      ggen-sim db analytics "agent-*" "last-7-days" | jq -c '.agent_metrics | map(.agent_id)'
      ggen-sim db query-memory | jq -c 'map(.version)'
      ggen-sim db query-audit-trail "agent-%" 7 json | jq -c 'map(.duration_ms)'
      ggen-sim db get-memory agent-validator
      ggen-sim db backup ./backups/2026-01-29 | jq '.manifest.files | length'
      ggen-sim db export-audit-trail json | jq '.rows'
      ggen-sim db cleanup 90 | jq '.receipts_deleted'`);
    expect(stdout.split('\n')).toEqual([
      '{"execution_id":"exec-001","status":"success"}',
      expect.stringMatching(/audit-export\.json$/u),
      '["agent-1"]',
      '[1]',
      '[1200]',
      '{"active":true}',
      '5',
      '1',
      '0',
      '',
    ]);
  });

  it('runs an agent that saves a receipt', async () => {
    await bash(`cat > test.ttl <<'END'
@prefix ex: <http://example.org/> .
ex:a a ex:Thing .
END
      ggen-sim run-agent validation --spec test.ttl > receipt.json
      ggen-sim db query-receipts "%" json | jq -e 'map(select(.agent_type == "validation" and .status == "partial")) | length == 1'
      ggen-sim db export-audit-trail csv ./after.csv`);
    expect(existsSync(join(sandbox.directory, 'after.csv'))).toBe(true);
  });

  it('can be checked with sqlite3', async () => {
    expect(await bash(`sqlite3 workspace/.ggen/ggen.db "PRAGMA integrity_check;"`)).toBe('ok\n');
    expect(
      (await bash('sqlite3 workspace/.ggen/ggen.db .tables')).split(/\s+/u).filter(Boolean).toSorted(),
    ).toEqual(['_change_log', '_schema_metadata', 'agent_memory', 'audit_log', 'receipts']);
  });

  it('tests itself', async () => {
    const { exitCode, stdout, stderr } = await sandbox.run(['db', 'test']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, passed: 13, failed: 0 });
    expect(stderr.split('\n')).toEqual([
      '✓ Database initialization',
      '✓ Receipt persistence and retrieval',
      '✓ Receipt error handling',
      '✓ Agent memory persistence',
      '✓ Agent memory updates',
      '✓ Audit logging',
      '✓ Data export (JSON, CSV)',
      '✓ Full backup operations',
      '✓ Analytics generation',
      '✓ Database statistics',
      '✓ Data cleanup',
      '✓ Database reset',
      '✓ Concurrent access safety',
      '',
    ]);
  });

  it('prints help', async () => {
    expect(await bash('ggen-sim db help')).toBe(await bash('ggen-sim db --help'));
  });

  it('resets only with --force', async () => {
    expect((await sandbox.run(['db', 'reset'])).exitCode).toBe(64);
    await bash('ggen-sim db reset --force');
    expect(await bash(`ggen-sim db stats | jq '.receipts_total'`)).toBe('0\n');
  });
});
