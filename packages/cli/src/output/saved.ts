/** Output of the commands that save: the new id, or the whole result. */
import type { CommandContext } from '../command-context.ts';
import { choice, type Parameter } from '../parameters.ts';
import { reportJson } from './reports.ts';

const SAVED_FORMATS = ['id', 'json'] as const;

/** Format of the result. */
export type SavedFormat = (typeof SAVED_FORMATS)[number];

/** Makes the `--format` option of a command that saves. */
export function savedFormat(): Parameter<SavedFormat> {
  return choice(SAVED_FORMATS, { default: 'id', description: 'print the id alone or the whole result' });
}

/** Prints the result of a save. */
export async function writeSaved(
  saved: object,
  id: string,
  format: SavedFormat,
  { stdout }: Pick<CommandContext, 'stdout'>,
): Promise<void> {
  await stdout.writeLine(format === 'id' ? id : reportJson(saved));
}
