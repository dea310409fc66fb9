import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { copySeed, datasetFile, todaysSeed } from '../../dataset/dataset-file.ts';
import { NODE_ENGINES } from '../../engines/node/index.ts';
import type { ResultsCollector } from '../../results-collector.ts';
import type { TrialRequest } from '../trial.ts';
import { TRIAL_PROCESS, withoutCertificates } from './run-node-trials.ts';

const ROW_COUNT = 1000;
const FEW_SAVES = 10;
const MANY_SAVES = 30;

/**
 * Syncs a save, counted by strace in trials that are not timed: those of a trial with many saves less those of one with
 * few, so that opening and closing cancel out. Nothing where strace is not to be had.
 */
export async function countSyncs(workFolder: string, collector: ResultsCollector): Promise<void> {
  if (spawnSync('strace', ['-V']).status !== 0) return;
  const source = await datasetFile(path.join(workFolder, 'seeds'), todaysSeed(ROW_COUNT));
  const folder = mkdtempSync(path.join(workFolder, 'syncs-'));
  try {
    for (const { id, encrypted } of NODE_ENGINES) {
      // The same syncs as the plain one's.
      if (encrypted) continue;
      const many = syncsOf(id, MANY_SAVES, source, folder);
      const few = syncsOf(id, FEW_SAVES, source, folder);
      const syncs = (many - few) / (MANY_SAVES - FEW_SAVES);
      collector.cost({ platform: 'node', engineId: id, rowCount: ROW_COUNT }, { syncs });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function syncsOf(engineId: string, saves: number, source: string, folder: string): number {
  const place = path.join(folder, engineId, String(saves), 'ggen.db');
  const trace = path.join(folder, 'trace');
  copySeed(source, place);
  const request: TrialRequest = {
    engineId,
    place,
    seed: todaysSeed(ROW_COUNT),
    run: 'syncs',
    cases: ['save'],
    budget: { samples: saves, maxMs: 60_000, warmUps: 0, warmUpMs: 0 },
    rowsBefore: { receipts: ROW_COUNT, auditEntries: ROW_COUNT },
    scratch: os.tmpdir(),
  };
  const words = ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', trace, process.execPath, TRIAL_PROCESS];
  const { status, stderr } = spawnSync('strace', [...words, JSON.stringify(request)], {
    encoding: 'utf8',
    env: withoutCertificates(),
  });
  if (status !== 0) throw new Error(`tracing ${engineId} ended with ${status}: ${stderr}`);
  // A call that another thread interrupts is told of in two lines, the second beginning with "<...".
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /\bf(?:data)?sync\(/.test(line)).length;
}
