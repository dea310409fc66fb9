import { openPersistence, type Persistence, type PersistenceError } from '@ggen-sim/core';
import { runAgent } from '@ggen-sim/agents';
import { AGENTS } from '@ggen-sim/agents/registry';
import { connectAgents } from '@ggen-sim/agents/client';
import { startAgentWorker } from '@ggen-sim/agents/worker';
import { expose, RpcClient } from '@ggen-sim/core/rpc';
import { describePersistence } from '@ggen-sim/core/testing';
import { startWorker } from '@ggen-sim/core/worker';
import { openDatabase, memoryStorage, type SqlJsDatabase, type SqlValue } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { indexedDbStorage } from '@ggen-sim/sqljs-vfs/indexeddb';
import { opfsStorage } from '@ggen-sim/sqljs-vfs/opfs';
import { describeStorage } from '@ggen-sim/sqljs-vfs/testing';

export async function save(signal: AbortSignal): Promise<string> {
  const db: Persistence = await openPersistence({ storage: 'memory' });
  const { receiptId } = await db.saveReceipt({
    executionId: 'run-1',
    agentId: 'agent',
    agentType: 'none',
    receipt: { saved: true },
  });
  await db.verify({ signal });
  await db[Symbol.asyncDispose]();
  return receiptId;
}

export async function query(): Promise<SqlValue[][]> {
  const opened = await openDatabase(memoryStorage());
  const { database }: { database: SqlJsDatabase } = opened;
  database.run('CREATE TABLE t(x)');
  database.create_function('twice', (x: number) => 2 * x);
  const statement = database.prepare('INSERT INTO t VALUES ($x)');
  statement.run({ $x: 'one' });
  statement.free();
  for (const each of database.iterateStatements('SELECT 1; SELECT 2')) each.step();
  return database.exec('SELECT twice(x) FROM t')[0]?.values ?? [];
}

export const codeOf = (error: PersistenceError): string => error.code;

export const everything = [
  AGENTS,
  runAgent,
  connectAgents,
  startAgentWorker,
  expose,
  RpcClient,
  describePersistence,
  startWorker,
  fileStorage,
  indexedDbStorage,
  opfsStorage,
  describeStorage,
];
