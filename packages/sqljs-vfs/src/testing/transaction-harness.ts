import type { Storage } from '../contract/storage.ts';
import { sameBytes } from './storage-case.ts';
import type { StorageHarness } from './storage-harness.ts';

/** Reads the bytes of the database file, within a transaction. */
function mainBytes(storage: Storage): Uint8Array {
  if (!storage.exists('main')) return new Uint8Array(0);
  const file = storage.open('main', { create: false, exclusive: false, readOnly: true });
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  file.close();
  return bytes;
}

/** Makes a storage without transactions. Within one, its calls are synchronous, as the contract suite needs them. */
function withoutTransactions(storage: Storage): Storage {
  return {
    capabilities: storage.capabilities,
    name: storage.name,
    open: (role, mode) => storage.open(role, mode),
    delete: (role, options) => storage.delete(role, options),
    exists: (role) => storage.exists(role),
  };
}

/**
 * Makes the harness of a storage with `transactions`, such as those of browsers. It holds one write transaction open while
 * a case of the suite runs. Afterwards another storage must find the same bytes as the case left.
 *
 * @param first - the storage that holds the transaction
 * @param others - returns a storage for each request of the case
 * @param another - makes the storage that reads the result
 * @throws Error from `remove()`, when the other storage finds other bytes
 */
export async function transactionHarness(
  first: Storage,
  others: () => Storage,
  another: () => Storage,
): Promise<StorageHarness> {
  let endCase: () => void = () => undefined;
  let expected = new Uint8Array(0);
  const caseEnded = new Promise<void>((resolve) => (endCase = resolve));
  let transaction: Promise<unknown> | undefined;
  await new Promise<void>((resolve, reject) => {
    const hold = async (): Promise<void> => {
      resolve();
      await caseEnded;
      expected = mainBytes(first).slice();
    };
    transaction = first.transactions?.writeTransaction(hold, () => undefined);
    transaction?.catch(reject);
  });
  return {
    storage: () => withoutTransactions(others()),
    async remove() {
      endCase();
      await transaction;
      first.close?.();
      const later = another();
      await later.transactions?.readTransaction(() => {
        if (!sameBytes(mainBytes(later), expected)) throw new Error('another storage finds other bytes');
      });
      later.close?.();
    },
  };
}
