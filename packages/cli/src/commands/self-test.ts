import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand, type Command } from '../command.ts';
import { openDatabaseFile, type CommandContext } from '../command-context.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { writeReport } from '../output/reports.ts';
import type { CheckedInstallation } from './self-checks.ts';

export const selfTest: Command = defineCommand({
  name: 'db test',
  summary: 'Check this installation on a temporary database',
  notes: 'Your database is not touched. Prints a summary; the name of each check goes to stderr.',
  database: 'unused',
  positionals: {},
  options: {},
  ownExitCodes: { [EXIT_CODES.failed]: 'a check failed' },
  examples: ['ggen-sim db test', "ggen-sim db test 2>/dev/null | jq '.ok'"],
  async run(_, context) {
    const directory = await mkdtemp(join(tmpdir(), 'ggen-sim-test-'));
    try {
      const path = join(directory, '.ggen', 'ggen.db');
      await using database = await openDatabaseFile(path);
      const programPath = process.argv[1] ?? '';
      const checks = await runChecks({ database, path, directory, programPath }, context);
      const failed = checks.filter((check) => !check.ok).length;
      await writeReport(
        { ok: failed === 0, passed: checks.length - failed, failed, checks },
        'json',
        context,
      );
      return failed === 0 ? EXIT_CODES.ok : EXIT_CODES.failed;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
});

interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
}

async function runChecks(installation: CheckedInstallation, context: CommandContext): Promise<CheckResult[]> {
  const signal = context.longOperation().signal;
  const { SELF_CHECKS } = await import('./self-checks.ts');
  const results: CheckResult[] = [];
  for (const { name, run } of SELF_CHECKS) {
    signal?.throwIfAborted();
    try {
      await run(installation);
      context.printNotice(`✓ ${name}`);
      results.push({ name, ok: true });
    } catch (failure) {
      const error = failure instanceof Error ? failure.message : String(failure);
      context.printNotice(`✗ ${name}: ${error}`);
      results.push({ name, ok: false, error });
    }
  }
  return results;
}
