/** What a saving command prints: the id of what it saved, or all that the save answered. */
import type { CommandContext } from '../command-context.ts';
import { choice, type Input } from '../parameters.ts';
import { reportJson } from './reports.ts';

const savedFormats = ['id', 'json'] as const;

/** How the answer is written. */
export type SavedFormat = (typeof savedFormats)[number];

/** The flag every saving command takes. */
export function savedFormat(): Input<SavedFormat> {
  return choice(savedFormats, { default: 'id', placeholder: 'FORMAT', description: 'what to print' });
}

/** Prints what a save answered. */
export async function writeSaved(
  saved: object,
  id: string,
  format: SavedFormat,
  { stdout }: Pick<CommandContext, 'stdout'>,
): Promise<void> {
  await stdout.line(format === 'id' ? id : reportJson(saved));
}
