import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { copySeed, datasetFile, todaysSeed } from '../../dataset/dataset-file.ts';
import {
  AUDIT_COUNT_SQL,
  LAST_RECEIPT_SQL,
  MEMORY_COUNT_SQL,
  RECEIPT_COUNTS_SQL,
} from '../../dataset/statements.ts';
import type { ResultsCollector } from '../../results-collector.ts';
import { CLI_NODE, CLI_GGEN_SIM, CLI_SQLITE3 } from '../cli-names.ts';
import { withoutCertificates } from './run-node-trials.ts';

const CLI_FILE = path.resolve(import.meta.dirname, '../../../../packages/cli/dist/ggen-sim.cjs');
const COUNTS = `${[RECEIPT_COUNTS_SQL, AUDIT_COUNT_SQL, MEMORY_COUNT_SQL, LAST_RECEIPT_SQL].join(';')};`;

/** Starts the command line and what it is compared with, turn by turn: processes from nothing to their end. */
export async function runCliTrials(
  rowCounts: readonly number[],
  runs: number,
  workFolder: string,
  collector: ResultsCollector,
  say: (line: string) => void,
): Promise<void> {
  for (const rowCount of rowCounts) {
    say(`Command line, ${rowCount} rows`);
    const folder = path.join(workFolder, 'cli');
    const file = path.join(folder, 'ggen.db');
    copySeed(await datasetFile(path.join(workFolder, 'seeds'), todaysSeed(rowCount)), file);
    const commands: readonly (readonly [name: string, command: string, words: string[], sign: string])[] = [
      [
        CLI_GGEN_SIM,
        process.execPath,
        [CLI_FILE, 'db', 'stats', '--db', file],
        `"receipts_total": ${rowCount}`,
      ],
      [CLI_NODE, process.execPath, ['-e', '0'], ''],
      [CLI_SQLITE3, 'sqlite3', [file, COUNTS], String(rowCount)],
    ];
    // The first turn warms up.
    for (let turn = -1; turn < runs; turn++) {
      for (const [engineId, command, words, sign] of commands) {
        const durationMs = timeProcess(command, words, sign);
        const where = { platform: 'node', engineId, caseName: 'cli', rowCount } as const;
        if (turn >= 0) collector.samples(where, [durationMs]);
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeProcess(command: string, words: readonly string[], sign: string): number {
  const begin = performance.now();
  const { status, stdout, stderr } = spawnSync(command, words, {
    encoding: 'utf8',
    env: withoutCertificates(),
  });
  const durationMs = performance.now() - begin;
  if (status !== 0 || !stdout.includes(sign)) {
    throw new Error(`${command} ${words.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  }
  return durationMs;
}
