import type { Persistence, TableName } from '@ggen-sim/core';
import { useEffect, useState } from 'react';
import { reportDatabaseFailure } from './database.ts';
import type { Failure } from './failure.ts';
import { usePersistence } from './persistence-context.ts';

/** Something read from the database, as it is now. */
export interface Reading<Value> {
  /** `undefined` until the first read has ended. What was read last stays while a newer one is on its way. */
  readonly value: Value | undefined;
  readonly failure: Failure | undefined;
}

/**
 * Reads now and again after every commit to the tables, by this tab or another. However many commits come in, there is
 * one read at a time and at most one waiting, so that a burst of writes costs few reads.
 *
 * @param read - must be stable: module scope or `useCallback`
 * @param tables - which tables it depends on; must be stable
 */
export function useReading<Value>(
  read: (persistence: Persistence) => Promise<Value>,
  tables: readonly TableName[],
): Reading<Value> {
  const persistence = usePersistence();
  const [reading, setReading] = useState<Reading<Value>>({ value: undefined, failure: undefined });
  useEffect(() => {
    const ending = new AbortController();
    let again = false;
    let busy = false;
    const run = async (): Promise<void> => {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      do {
        again = false;
        try {
          const value = await read(persistence);
          if (!ending.signal.aborted) setReading({ value, failure: undefined });
        } catch (error) {
          if (!ending.signal.aborted)
            setReading(({ value }) => ({ value, failure: reportDatabaseFailure(error) }));
        }
      } while (again && !ending.signal.aborted);
      busy = false;
    };
    void run();
    const end = persistence.subscribe((change) => {
      if (change.tables.some((table) => tables.includes(table))) void run();
    });
    return () => {
      ending.abort();
      end();
    };
  }, [persistence, read, tables]);
  return reading;
}
