/** JSON that changes prototypes where a program reads it carelessly. */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/index.ts';
import { createTestDatabase } from '../support/test-database.ts';

const POLLUTION = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

function expectNoPollution(): void {
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

describe('prototypes are not changed', () => {
  it('by JSON and by options', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    const value: unknown = JSON.parse(POLLUTION);
    const { receiptId } = await db.saveReceipt({
      ...(JSON.parse('{"__proto__":{"polluted":1}}') as object),
      executionId: 'e',
      agentId: '__proto__',
      agentType: 'constructor',
      receipt: value as never,
    });
    expect(JSON.parse(await db.getReceipt(receiptId))).toEqual(value);
    await db.saveMemory({ agentId: '__proto__', agentType: 't', memory: POLLUTION });
    expect(await db.getMemory('__proto__')).toBe(POLLUTION);
    await db.logAudit({
      agentId: '__proto__',
      operation: 'constructor',
      status: 'completed',
      details: POLLUTION,
    });
    expect((await db.analytics()).agentMetrics.map(({ agentId }) => agentId)).toEqual(['__proto__']);
    expect((await db.verify()).ok).toBe(true);
    await db.exportAuditTrail({ output: fixture.path('audit.csv'), format: 'csv' });
    expect(fs.readFileSync(fixture.path('audit.csv'), 'utf8')).toContain('__proto__');
    expectNoPollution();
  });

  it('by a backup', async () => {
    const fixture = createTestDatabase();
    const db = await fixture.open();
    await db.saveMemory({ agentId: 'a', agentType: 't', memory: '1' });
    const directory = fixture.path('backup');
    await db.exportBackup({ directory });
    const file = `${directory}/manifest.json`;
    const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as BackupManifest;
    fs.writeFileSync(file, `{"__proto__":{"polluted":1},${JSON.stringify(manifest).slice(1)}`);
    await db.restoreBackup({ directory, from: 'json', force: true });
    expect(await db.getMemory('a')).toBe('1');
    expectNoPollution();
  });
});
