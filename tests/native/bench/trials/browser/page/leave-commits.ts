import { newReceipt } from '../../../dataset/rows.ts';
import { ggenSimSession } from '../../../engines/ggen-sim-session.ts';
import { waitingBytes } from '../../../engines/browser/indexeddb-extents.ts';

const CALLERS = 64;

/** Saves receipts in groups, and leaves their commits without a checkpoint. The page is closed next, as after a crash. */
export async function leaveCommits(name: string, run: string, count: number): Promise<number> {
  const { openPersistence } = await import('@ggen-sim/core');
  const session = ggenSimSession(await openPersistence({ storage: 'indexeddb', name }));
  for (let from = 0; from < count; from += CALLERS) {
    const group = Array.from({ length: CALLERS }, (_, index) => newReceipt(run, from + index));
    await Promise.all(group.map((receipt) => session.save(receipt)));
  }
  return waitingBytes(name);
}
