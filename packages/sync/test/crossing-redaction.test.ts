/**
 * A redaction that crosses saves of another machine, while neither can reach the hub: in every order of pushes and pulls what was
 * redacted is nowhere, what was saved elsewhere is everywhere, and all machines are equal.
 */
import path from 'node:path';
import { openPersistence, parseRedacted, type Persistence } from '@ggen-sim/core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openTarget, Synchroniser } from '../src/index.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const SECRET = 'SECRET of the memory';

let cluster: PostgresCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

interface Machine {
  readonly database: Persistence;
  readonly push: () => Promise<unknown>;
  readonly pull: () => Promise<unknown>;
}

/** What each machine does offline: how often the one that redacts saves before, and how often the other one saves. */
const CASES = [
  ['redacted-alone', 0, 1],
  ['saved-twice', 0, 2],
  ['redacted-after-a-save', 1, 1],
  ['redacted-after-more-saves', 2, 1],
  ['redacted-after-fewer-saves', 1, 2],
] as const;

type Step = readonly ['redacting' | 'saving', 'push' | 'pull'];
const STEPS: readonly Step[] = [
  ['redacting', 'push'],
  ['redacting', 'pull'],
  ['saving', 'push'],
  ['saving', 'pull'],
];

function ordersOf(steps: readonly Step[]): Step[][] {
  if (steps.length === 0) return [[]];
  return steps.flatMap((step) =>
    ordersOf(steps.filter((other) => other !== step)).map((others) => [step].concat(others)),
  );
}

/**
 * Memories as they are now, and all versions with their content that a machine has of each, in an order of their own. What is
 * left of a redacted version that a machine never had is not the same everywhere.
 */
async function memoriesOf({ database }: Machine): Promise<Record<string, unknown>> {
  const versions = new Set<string>();
  for await (const { data } of database.changes({ rows: true }))
    if (data.row && 'memoryJson' in data.row && parseRedacted(data.row.memoryJson) === undefined)
      versions.add(JSON.stringify(data.row));
  return { current: await database.queryMemory(), versions: [...versions].toSorted() };
}

it.each(ordersOf(STEPS).map((steps) => [steps.map((words) => words.join(' ')).join(', '), steps] as const))(
  'in the order %s',
  async (name, steps) => {
    const url = await cluster.newSchema('hub');
    const hub = await serveHub(url);
    onTestFinished(hub.stop);
    const clock = { now: Date.UTC(2026, 0, 1) };
    const directory = name.replaceAll(/\W+/g, '-');
    const machineNamed = async (own: string): Promise<Machine> => {
      const file = path.join(folder, directory, `${own}.db`);
      const database = await openPersistence({
        storage: 'file',
        path: file,
        clock: () => new Date(clock.now),
      });
      onTestFinished(() => database.close());
      const synchroniser = new Synchroniser(database, await openTarget(hub.url, { token: hub.token ?? '' }));
      return { database, push: () => synchroniser.push(), pull: () => synchroniser.pull() };
    };
    const machines = {
      redacting: await machineNamed('redacting'),
      saving: await machineNamed('saving'),
      // It has whatever is in the hub after each step, so it meets everything in the order in which that arrives.
      third: await machineNamed('third'),
    };
    const { redacting, saving, third } = machines;
    const save = async ({ database }: Machine, agentId: string, text: string): Promise<void> => {
      clock.now += 1000;
      await database.saveMemory({ agentId, agentType: 't', memory: { text } });
    };
    for (const [agentId] of CASES) await save(redacting, agentId, SECRET);
    await redacting.push();
    for (const machine of [saving, third]) await machine.pull();

    for (const [agentId, before, elsewhere] of CASES) {
      for (let count = 0; count < before; count++) await save(redacting, agentId, `${SECRET} ${count}`);
      await redacting.database.redactRecord({ agentId, reason: 'test' });
      for (let count = 0; count < elsewhere; count++) await save(saving, agentId, `kept ${agentId} ${count}`);
    }
    for (const [machine, call] of steps) {
      await machines[machine][call]();
      await third.pull();
    }
    for (let round = 0; round < 3; round++)
      for (const machine of [redacting, saving, third]) {
        await machine.push();
        await machine.pull();
      }
    const fresh = await machineNamed('fresh');
    await fresh.pull();

    const all = await Promise.all([redacting, saving, third, fresh].map(memoriesOf));
    for (const memories of all) expect(memories).toEqual(all[0]);
    const shown = JSON.stringify(all[0]);
    for (const [agentId, , elsewhere] of CASES)
      for (let count = 0; count < elsewhere; count++) expect(shown).toContain(`kept ${agentId} ${count}`);
    expect(shown).not.toContain(SECRET);
    for (const { database } of [redacting, saving, third, fresh])
      expect((await database.verify()).problems).toEqual([]);
    const schema = /case_\d+/.exec(decodeURIComponent(url))?.[0] ?? '';
    expect(
      await cluster.query(`SELECT 1 FROM ${schema}.ggen_changes WHERE content LIKE '%${SECRET}%'`),
    ).toEqual([]);
  },
);
