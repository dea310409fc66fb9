/** What is written from an encrypted database is not encrypted, so it is written only when that is wanted. */
import type { Persistence } from '@ggen-sim/core';
import type { CommandContext } from '../command-context.ts';
import { UsageError } from '../failures.ts';
import { flag, type Parameter } from '../parameters.ts';

/** Option of every command that writes files of what the database holds. */
export const PLAIN_FLAG: Parameter<boolean> = flag({
  description: 'write it without encryption, although the database is encrypted',
});

/**
 * Refuses to write what an encrypted database holds into a file that is not encrypted, unless that is wanted; says so then.
 * @throws {UsageError} without `--plain`
 */
export async function permitPlainOutput(
  database: Persistence,
  plain: boolean,
  context: CommandContext,
): Promise<void> {
  if ((await database.info()).encryption === null) return;
  if (!plain) {
    throw new UsageError(
      `${context.databasePath} is encrypted, and what this command writes is not`,
      'Give --plain to write it all the same. A copy of the file itself stays encrypted',
    );
  }
  context.printNotice('What is written is not encrypted');
}
