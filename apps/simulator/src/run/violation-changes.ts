import type { ReceiptViolation, ValidationReceipt } from '@ggen-sim/agents';

/** What a run changed against the run before. */
export interface ViolationChanges {
  readonly fixed: number;
  readonly added: number;
  readonly remaining: number;
}

/** Compares the listed results of two runs. @returns undefined where a run has none to compare, because it failed */
export function violationChanges(
  before: ValidationReceipt,
  after: ValidationReceipt,
): ViolationChanges | undefined {
  const isWhole = ({ error, omitted_results: omitted }: ValidationReceipt): boolean =>
    error === null && omitted === null;
  if (!isWhole(before) || !isWhole(after)) return undefined;
  const left = new Map<string, number>();
  for (const violation of before.violations) {
    const key = keyOf(violation);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  let remaining = 0;
  for (const violation of after.violations) {
    const key = keyOf(violation);
    const count = left.get(key) ?? 0;
    if (count === 0) continue;
    left.set(key, count - 1);
    remaining += 1;
  }
  return {
    fixed: before.violations.length - remaining,
    added: after.violations.length - remaining,
    remaining,
  };
}

/** A result is the same one if all but its message is. */
function keyOf({
  focus_node,
  path,
  value,
  source_shape,
  source_constraint_component,
}: ReceiptViolation): string {
  return JSON.stringify([focus_node, path, value, source_shape, source_constraint_component]);
}
