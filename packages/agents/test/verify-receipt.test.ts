/** A stored receipt is checked against itself, its documents and a repeated run. */
import { describe, expect, it } from 'vitest';
import { AGENTS, runAgent, verifyReceipt, type ValidationReceipt } from '../src/index.ts';
import packageJson from '../package.json' with { type: 'json' };
import { turtle } from './documents.ts';

const DATA = turtle('ex:x a ex:C ; ex:part [ a ex:C ] . <#it> a ex:C .');
const SHAPES = turtle(
  'ex:S sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .',
  'shapes.ttl',
);
const { receiptJson } = await runAgent(AGENTS.validation, null, { spec: [DATA], shapes: [SHAPES] });

const fieldsOf = async (...given: Parameters<typeof verifyReceipt>): Promise<string[]> =>
  (await verifyReceipt(...given)).differences.map(({ field }) => field);

it('a receipt names the versions of the program and its engines', () => {
  const { versions } = JSON.parse(receiptJson) as ValidationReceipt;
  expect(versions).toMatchObject({
    '@ggen-sim/agents': packageJson.version,
    'rdf-validate-shacl': packageJson.dependencies['rdf-validate-shacl'],
  });
});

describe('verifyReceipt', () => {
  it('finds nothing that differs in an unchanged receipt', async () => {
    const alone = await verifyReceipt(receiptJson);
    expect(alone).toMatchObject({ ok: true, checked: ['determinism_hash'], differences: [] });
    expect(alone.not_checked).toContain('data_graph.sha256');
    const whole = await verifyReceipt(receiptJson, [DATA, SHAPES], { rerun: true });
    expect(whole).toMatchObject({ ok: true, not_checked: [], differences: [] });
    expect(whole.checked).toContain('data_graph.sha256');
  });

  it('names a receipt whose findings were edited', async () => {
    const edited = receiptJson.replace('"results":3', '"results":2');
    expect(edited).not.toBe(receiptJson);
    expect(await fieldsOf(edited)).toEqual(['determinism_hash']);
    expect(await fieldsOf(edited, [DATA, SHAPES], { rerun: true })).toEqual(['determinism_hash', 'counts']);
  });

  it('names a document that changed, and its graph', async () => {
    const changed = { ...DATA, content: `${String(DATA.content)} ex:y a ex:C .` };
    expect(await fieldsOf(receiptJson, [changed, SHAPES])).toEqual(['inputs doc.ttl', 'data_graph.sha256']);
    const commented = { ...DATA, content: `${String(DATA.content)} # A comment.` };
    expect(await fieldsOf(receiptJson, [commented, SHAPES])).toEqual(['inputs doc.ttl']);
  });

  it('recognizes a renamed document by its hash, and names one that is no input', async () => {
    const renamed = { ...DATA, name: 'elsewhere/other.ttl' };
    expect(await fieldsOf(receiptJson, [SHAPES, renamed], { rerun: true })).toEqual([]);
    expect(await fieldsOf(receiptJson, [turtle('', 'more.ttl')])).toEqual(['inputs more.ttl']);
  });

  it('refuses what is no validation receipt, and a repeated run without every document', async () => {
    for (const json of ['{', '{}', 'null', '{"kind":"other"}'])
      await expect(verifyReceipt(json)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(verifyReceipt(receiptJson, [DATA], { rerun: true })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'A repeated run needs every document: inputs shapes.ttl',
    });
  });
});
