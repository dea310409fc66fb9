import type { Page } from '@playwright/test';

/** How much a sample database holds. */
export type Sample = 'none' | 'one' | 'many' | 'hostile';

/**
 * Saves sample runs. Most are of the last three weeks, which only an import can store: it writes rows as they are, times
 * included.
 */
export function saveSample(page: Page, sample: Sample): Promise<void> {
  return page.evaluate(async (wanted) => {
    const { persistence } = globalThis.ggenSim;
    if (wanted === 'none') return;
    if (wanted === 'one') {
      await persistence.record({
        receipts: [
          {
            executionId: 'exec-1',
            agentId: 'validator-1',
            agentType: 'validation',
            receipt: { by: 'hand' },
            durationMs: 840,
          },
        ],
        audits: [{ agentId: 'validator-1', operation: 'validate_ontology', status: 'started' }],
        memories: [{ agentId: 'validator-1', agentType: 'validation', memory: { runs: 1 } }],
      });
      return;
    }
    if (wanted === 'hostile') {
      const names = [
        'validator-\u{202E}1-rotadilav\u{200B}',
        `"'><img src=x onerror="globalThis.pwned = true">`,
        'שלום עולם',
        '👩‍👩‍👧‍👦'.repeat(12),
        'a'.repeat(400),
        'Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334',
      ];
      const durations = [0, 4, 900_000, 9_000_000_000, 12, 1];
      await persistence.record({
        receipts: names.map((name, index) => ({
          executionId: `${name}-${index}`,
          agentId: name,
          agentType: name,
          receipt: { [name]: name, stages: [{ name, durationMs: index }] },
          status: (['success', 'partial', 'error'] as const)[index % 3] ?? 'success',
          durationMs: durations[index] ?? 0,
        })),
        audits: names.map((name) => ({
          agentId: name,
          operation: name,
          operationType: name,
          details: name,
          errorMessage: name,
          status: 'failed' as const,
        })),
        memories: names.map((name) => ({ agentId: name, agentType: name, memory: { [name]: name } })),
      });
      return;
    }
    const receipts: string[] = [];
    const audits: string[] = [];
    const now = Date.now();
    const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    for (let index = 0; index < 3000; index += 1) {
      const at = now - (3000 - index) * 600_000;
      const agent_id = ['planner', 'coder', 'reviewer', 'validator-1'][index % 4] ?? '';
      // The coder has failed since two days ago, and one run took a day.
      const failing = agent_id === 'coder' && index > 2700 && index % 3 === 0;
      const status = failing || index % 97 === 0 ? 'error' : index % 41 === 0 ? 'partial' : 'success';
      const duration_ms =
        index === 2500 ? 90_000_000 : Math.round(40 * 1.004 ** (index % 1500) * (1 + (index % 4)));
      const receipt =
        status === 'error' && !failing
          ? { error: null, conforms: false, violations: 3 }
          : { error: failing ? { code: 'TIME_LIMIT', message: 'took too long' } : null, index };
      const time = timeOf(at);
      receipts.push(
        JSON.stringify({
          receipt_id: `${index.toString(16).padStart(8, '0')}${'0'.repeat(56)}`,
          execution_id: `exec-2026-${String(index).padStart(6, '0')}`,
          agent_id,
          agent_type: agent_id === 'validator-1' ? 'validation' : 'codegen',
          receipt_json: JSON.stringify(receipt),
          status,
          created_at: time,
          updated_at: time,
          duration_ms,
        }),
      );
      audits.push(
        JSON.stringify({
          audit_id: `audit-${index}`,
          timestamp: time,
          agent_id,
          operation: 'run_agent',
          operation_type: 'codegen',
          status: failing ? 'failed' : 'completed',
          duration_ms,
          details: `exec-2026-${String(index).padStart(6, '0')}`,
          error_message: failing ? 'TIME_LIMIT: took too long' : null,
        }),
      );
    }
    const streamOf = (lines: readonly string[]): ReadableStream<Uint8Array> =>
      new Blob([`${lines.join('\n')}\n`]).stream();
    await persistence.importRows({
      table: 'receipts',
      input: streamOf(receipts),
      // Their ids are short to read, not hashes of what they hold.
      acceptInvalid: true,
    });
    await persistence.importRows({ table: 'audit_log', input: streamOf(audits) });
    for (let version = 0; version < 4; version += 1) {
      for (const agentId of ['planner', 'coder', 'reviewer', 'validator-1']) {
        await persistence.saveMemory({
          agentId,
          agentType: 'codegen',
          memory: { runs: version, notes: Array.from({ length: version + 2 }, (_, line) => `note ${line}`) },
        });
      }
    }
  }, sample);
}
