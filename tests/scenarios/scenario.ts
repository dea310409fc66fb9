/** A scenario: calls of several callers to one database, with moving clocks, reopened handles and crashing owners. */
import { Choices } from './choices.ts';
import { drawOperation, type ModelOperation } from './operation.ts';

/** Concurrent calls, each by one of two handles. */
export interface CallsAtOnce {
  readonly step: 'calls';
  readonly calls: readonly { readonly handle: 0 | 1; readonly operation: ModelOperation }[];
  /** The handle whose owner crashes, and the number of its storage calls that still succeed. */
  readonly crash: { readonly handle: 0 | 1; readonly atCall: number } | undefined;
}

export type ScenarioStep =
  | CallsAtOnce
  | { readonly step: 'clock'; readonly seconds: number }
  | { readonly step: 'reopen'; readonly handle: 0 | 1 };

const SECONDS_PER_DAY = 86_400;

/** Greatest number of numbers that a step uses. */
export const NUMBERS_PER_STEP = 48;

/** Draws one step. The same numbers give the same step. */
export function drawStep(numbers: readonly number[]): ScenarioStep {
  const choices = new Choices(numbers);
  switch (choices.below(12)) {
    case 7:
    case 8:
    case 9: {
      const days = choices.oneOf([1, 7, 90, 30, 0, -1]);
      return { step: 'clock', seconds: days * SECONDS_PER_DAY + choices.oneOf([0, 1, -1]) };
    }
    case 10:
      return { step: 'reopen', handle: choices.oneOf([0, 1]) };
    default: {
      const handleOfAll = choices.oneOf([0, 1] as const);
      const mixed = choices.onceIn(2);
      const crashes = choices.onceIn(4);
      const atCall = choices.below(choices.oneOf([60, 20, 300]));
      const calls = choices.listOf(1, 4, () => ({
        handle: mixed ? choices.oneOf([0, 1] as const) : handleOfAll,
        operation: drawOperation(choices),
      }));
      return { step: 'calls', calls, crash: crashes ? { handle: handleOfAll, atCall } : undefined };
    }
  }
}
