/** Runs that would take forever, in a real worker. */
import { openPersistence } from '@ggen-sim/core';
import { afterAll, describe, expect, it } from 'vitest';
import { AgentError, validate } from '../src/index.ts';
import { type AgentClient, type AgentThread, connectAgents } from '../src/worker/client.ts';
import { ex, turtle } from './documents.ts';

const SHAPES = turtle('ex:S sh:targetNode ex:x ; sh:property [ sh:path ex:p ; sh:pattern "^(a+)+$" ] .');
/** Each further letter doubles the time: this one takes longer than anyone waits. */
const BACKTRACKING = {
  spec: [turtle(`ex:x ex:p "${'a'.repeat(60)}!" .`, 'spec.ttl')],
  shapes: [SHAPES],
};
/** Combines 60 statements with themselves five times. */
const COMBINING = {
  spec: [turtle(Array.from({ length: 60 }, (_, index) => `ex:x ex:p ${index} .`).join(' '), 'spec.ttl')],
  shapes: [
    turtle(
      `ex:S sh:targetNode ex:x ; sh:sparql [ sh:select "SELECT $this (COUNT(*) AS ?value) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r } GROUP BY $this" ] .`,
    ),
  ],
};
const HARMLESS = { spec: [turtle('ex:x ex:p "aaa" .')], shapes: [SHAPES] };

/**
 * Defines the tests.
 *
 * @param startThread - starts a worker that calls `startAgentWorker`
 */
export function describeRunaways(startThread: () => AgentThread): void {
  const agents: AgentClient = connectAgents(startThread);
  afterAll(() => agents.close());

  describe('a run that does not end', () => {
    it('is ended by an abort, leaves a receipt, and holds up no other run', async () => {
      await using db = await openPersistence({ storage: 'memory' });
      const controller = new AbortController();
      const running = agents.run('validation', db, BACKTRACKING, { signal: controller.signal });
      expect(await agents.run('validation', null, HARMLESS)).toMatchObject({ status: 'success' });
      controller.abort();
      const { error, receipt, receiptId } = await running;
      expect(error).toMatchObject({ code: 'ABORTED' });
      expect(receipt.inputs.map(({ name, quads }) => [name, quads])).toEqual([
        ['spec.ttl', null],
        ['doc.ttl', null],
      ]);
      expect(JSON.parse(await db.getReceipt(receiptId ?? ''))).toEqual(receipt);
      expect(await agents.run('validation', null, HARMLESS)).toMatchObject({ status: 'success' });
    });

    it('is ended by its time limit', async () => {
      const { error, receipt } = await agents.run('validation', null, BACKTRACKING, { timeLimitMs: 200 });
      expect(error).toMatchObject({ code: 'TIME_LIMIT', message: 'The run took longer than 0.2 s' });
      expect(receipt).toMatchObject({ status: 'error', conforms: null, error: { code: 'TIME_LIMIT' } });
    });

    it('is ended by its time limit in a query', async () => {
      const { error } = await agents.run('validation', null, COMBINING, { timeLimitMs: 3000 });
      expect(error).toMatchObject({ code: 'TIME_LIMIT', message: 'The run took longer than 3 s' });
    });

    it('ends without a query that takes all memory of the SPARQL engine', async () => {
      const deep = `SELECT $this { FILTER (${'!'.repeat(100_000)}true) }`;
      const shapes = [turtle(`ex:S sh:targetNode ex:x ; sh:sparql [ sh:select "${deep}" ] .`)];
      const gate = { name: 'deep.rq', content: `ASK { FILTER (${'!'.repeat(100_000)}true) }` };
      const harmless = [
        { name: 'all.rq', content: 'ASK {}' },
        { name: 'none.rq', content: 'ASK { <a:a> <a:b> <a:c> }' },
      ];
      const { receipt } = await agents.run('validation', null, {
        spec: HARMLESS.spec,
        shapes: [SHAPES, ...shapes],
        gates: [gate, ...harmless],
      });
      const text = 'its query takes more memory than the SPARQL engine has';
      expect(receipt).toMatchObject({
        status: 'error',
        error: null,
        counts: { gates: 2, results: 1 },
        not_evaluated: [`sh:sparql in ${ex('S')}: ${text}`, `gate deep.rq: ${text}`],
      });
    });

    it('is told apart by the shape that it had reached, in the hint alone', async () => {
      const limit = new AgentError('TIME_LIMIT', 'The run took longer than 1 s', {
        hint: 'Allow more time.',
      });
      const signal = AbortSignal.abort(limit);
      const [before, at] = [
        await validate(HARMLESS, signal),
        await validate(HARMLESS, signal, { reached: 'the shape <a:s>' }),
      ];
      expect(before.error).toMatchObject({ message: limit.message, hint: limit.hint });
      expect(at.error).toMatchObject({
        message: limit.message,
        hint: 'The time was over in the evaluation of the shape <a:s>. Allow more time.',
      });
      // The same inputs give the same hash, whenever the time is over.
      expect(at.determinismHash).toBe(before.determinismHash);
    });

    it('names the shape that it has begun', async () => {
      const running = new AbortController();
      const { error } = await validate(HARMLESS, running.signal, {
        onStep: () => {
          running.abort(new AgentError('TIME_LIMIT', 'The run took longer than 1 s'));
          // Work for so long that the next pause, which comes before the shape's first node, is due.
          const endMs = performance.now() + 100;
          while (performance.now() < endMs);
        },
      });
      expect(error).toMatchObject({
        code: 'TIME_LIMIT',
        hint: 'The time was over in the evaluation of the shape <http://example.org/S>.',
      });
    });
  });
}
