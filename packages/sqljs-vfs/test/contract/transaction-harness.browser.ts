import type { Storage } from '../../src/contract/storage.ts';
import type { StorageHarness } from '../../src/testing/index.ts';
import { sameBytes } from '../../src/testing/storage-case.ts';

/** The database file's bytes, within a turn. */
function mainBytes(storage: Storage): Uint8Array {
  if (!storage.exists('main')) return new Uint8Array(0);
  const file = storage.open('main', { create: false, exclusive: false, readOnly: true });
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  file.close();
  return bytes;
}

/** A storage as it is within a turn: plain synchronous calls, which is what the conformance suite is about. */
function withoutTurns(storage: Storage): Storage {
  return {
    capabilities: storage.capabilities,
    name: storage.name,
    open: (role, mode) => storage.open(role, mode),
    delete: (role, options) => storage.delete(role, options),
    exists: (role) => storage.exists(role),
  };
}

/**
 * Holds one turn open for as long as a case of the suite lasts. When it is over, another storage must find the very
 * bytes that the case left.
 *
 * @param first - whose turn it is
 * @param others - what the case gets, each time it asks for a storage
 * @param another - made afterwards, to look at what was left
 */
export async function transactionHarness(
  first: Storage,
  others: () => Storage,
  another: () => Storage,
): Promise<StorageHarness> {
  let over: () => void = () => undefined;
  let left = new Uint8Array(0);
  const caseIsOver = new Promise<void>((resolve) => (over = resolve));
  let turn: Promise<unknown> | undefined;
  await new Promise<void>((begun, failed) => {
    const hold = async (): Promise<void> => {
      begun();
      await caseIsOver;
      left = mainBytes(first).slice();
    };
    turn = first.transactions?.writeTransaction(hold, () => undefined);
    turn?.catch(failed);
  });
  return {
    storage: () => withoutTurns(others()),
    async remove() {
      over();
      await turn;
      first.close?.();
      const later = another();
      await later.transactions?.readTransaction(() => {
        if (!sameBytes(mainBytes(later), left)) throw new Error('another storage finds something else');
      });
      later.close?.();
    },
  };
}
