import type { CostProbe } from '../../trial.ts';

type Method = (this: unknown, ...values: unknown[]) => unknown;

/** Counts every call on IndexedDB and on OPFS files made in this thread from now on. */
export function watchStorageCalls(): CostProbe {
  const counts = {
    'bytes written': 0,
    'IndexedDB transactions': 0,
    'IndexedDB puts': 0,
    'IndexedDB gets': 0,
    'Blob reads': 0,
    'Blob bytes read': 0,
    'OPFS writes': 0,
    'OPFS reads': 0,
    'OPFS flushes': 0,
  };
  const watch = (
    owner: object | undefined,
    names: readonly string[],
    seen: (value: unknown) => void,
  ): void => {
    for (const name of owner ? names : []) {
      const methods = owner as Record<string, Method>;
      const method = methods[name];
      methods[name] = function watched(...values) {
        seen(values[0]);
        return method?.apply(this, values);
      };
    }
  };
  watch(IDBDatabase.prototype, ['transaction'], () => (counts['IndexedDB transactions'] += 1));
  watch(IDBObjectStore.prototype, ['put', 'add'], (value) => {
    counts['IndexedDB puts'] += 1;
    counts['bytes written'] += sizeBytes(value);
  });
  watch(IDBObjectStore.prototype, ['get', 'getAll'], () => (counts['IndexedDB gets'] += 1));
  const { FileSystemSyncAccessHandle: handle, FileReaderSync: reader } = globalThis as {
    FileSystemSyncAccessHandle?: { readonly prototype: object };
    FileReaderSync?: { readonly prototype: object };
  };
  watch(reader?.prototype, ['readAsArrayBuffer'], (blob) => {
    counts['Blob reads'] += 1;
    counts['Blob bytes read'] += (blob as Blob).size;
  });
  watch(handle?.prototype, ['write'], (value) => {
    counts['OPFS writes'] += 1;
    counts['bytes written'] += sizeBytes(value);
  });
  watch(handle?.prototype, ['read'], () => (counts['OPFS reads'] += 1));
  watch(handle?.prototype, ['flush'], () => (counts['OPFS flushes'] += 1));
  return () => ({ ...counts });
}

/** The bytes in a stored value: buffers, and those one or two levels inside an object. */
function sizeBytes(value: unknown, depth: number = 2): number {
  if (value === null || typeof value !== 'object') return typeof value === 'string' ? value.length : 0;
  if ('byteLength' in value) return Number(value.byteLength);
  if (depth === 0) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + sizeBytes(inner, depth - 1), 0);
}
