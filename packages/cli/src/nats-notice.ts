import type { SyncError } from '@ggen-sim/sync';
import { failureLine, failureOf } from './failures.ts';

/** NATS only makes deliveries faster, so a server goes on without it and says so. */
export function natsNotice(failure: SyncError | null): string {
  return failure === null ? 'NATS is connected' : failureLine(failureOf(failure));
}
