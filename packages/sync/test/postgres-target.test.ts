import { openPersistence } from '@ggen-sim/core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTarget, SyncError, Synchroniser } from '../src/index.ts';
import { postgresTarget } from '../src/targets/postgres-target.ts';
import { describeSyncTarget } from '../src/testing/index.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';

const ENDED_CONNECTIONS = 8;

let cluster: PostgresCluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

describeSyncTarget(
  'a tenant in PostgreSQL',
  async () => {
    const url = await cluster.newSchema('hub');
    return { open: async () => postgresTarget(url).forTenant('acme'), end: async () => undefined };
  },
  { describe, it, expect },
);

it('loses nothing, and stores nothing twice, when connections are ended in the middle', async () => {
  const url = await cluster.newSchema();
  await using from = await openPersistence({ storage: 'memory' });
  await using to = await openPersistence({ storage: 'memory' });
  const ids: string[] = [];
  const ended: unknown[] = [];
  const done = new AbortController();
  // Ends them while they do something, some times: a slow machine has to come through as well.
  const endConnections = async (): Promise<void> => {
    while (!done.signal.aborted && ended.length < ENDED_CONNECTIONS) {
      const rows = await cluster.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'ggen-sim sync' AND state <> 'idle'`,
      );
      ended.push(...rows);
    }
  };
  const targets = [postgresTarget(url), postgresTarget(url)] as const;
  const untilDone = async (work: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        expect(error).toMatchObject({ code: 'SYNC_UNREACHABLE' });
      }
    }
  };
  const ending = endConnections();
  try {
    // Until one was ended: a fast machine may come through before it is.
    while (ended.length === 0) {
      const added = Array.from({ length: 1500 }, (_, index) => `execution ${ids.length + index}`);
      ids.push(...added);
      await from.saveReceipts(
        added.map((executionId) => ({ executionId, agentId: 'a', agentType: 't', receipt: { executionId } })),
      );
      await untilDone(() => new Synchroniser(from, targets[0]).synchronise());
      await untilDone(() => new Synchroniser(to, targets[1]).synchronise());
    }
  } finally {
    done.abort();
    await ending;
    await Promise.all(targets.map((target) => target.close()));
  }
  const found = await to.queryReceipts({ limit: 100_000 });
  expect(found.map(({ executionId }) => executionId).toSorted()).toEqual(ids.toSorted());
});

it('tries a server that only reads again, on another connection', async () => {
  const url = await cluster.newSchema();
  const user = 'fails_over';
  await cluster.query(`CREATE ROLE ${user} LOGIN SUPERUSER`);
  await cluster.query(`ALTER ROLE ${user} SET default_transaction_read_only = on`);
  const target = postgresTarget(url.replace('postgres://postgres@', `postgres://${user}@`));
  await expect(target.id()).rejects.toMatchObject({ code: 'SYNC_UNREACHABLE' });
  await cluster.query(`ALTER ROLE ${user} RESET default_transaction_read_only`);
  await expect(target.id()).resolves.toMatch(/./);
  await target.close();
});

it('says that a server cannot be reached, and what PostgreSQL refuses', async () => {
  const nowhere = await openTarget('postgres://nobody@localhost/none?host=/nonexistent');
  const failure: unknown = await nowhere.id().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SyncError);
  expect(failure).toMatchObject({ code: 'SYNC_UNREACHABLE' });
  const url = await cluster.newSchema();
  const schema = /case_\d+/.exec(decodeURIComponent(url))?.[0];
  await cluster.query(`CREATE TABLE ${schema}.ggen_hub (other TEXT)`);
  const foreign = postgresTarget(url);
  await expect(foreign.id()).rejects.toMatchObject({ code: 'SYNC_INVALID' });
  await foreign.close();
});

it('ends what a server does not answer when it is closed', async () => {
  const schema = await cluster.newSchema();
  const target = await openTarget(schema);
  await target.id();
  const other = await cluster.connection();
  onTestFinished(() => other.end());
  // Nothing is answered until this transaction ends, which it does not.
  const [, name] = /search_path%3D(\w+)/.exec(schema) ?? [];
  await other.query(`BEGIN; LOCK TABLE ${String(name)}.ggen_hub`);
  const asked = Promise.allSettled([target.cursor('one'), target.cursor('two')]);
  await target.close();
  const unreachable = { status: 'rejected', reason: expect.objectContaining({ code: 'SYNC_UNREACHABLE' }) };
  expect(await asked).toEqual([unreachable, unreachable]);
});
