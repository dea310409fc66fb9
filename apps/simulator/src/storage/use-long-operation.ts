import type { LongOperationOptions } from '@ggen-sim/core';
import { useRef, useState } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { formatBytes, formatCount } from '../components/format.ts';

/** An operation that the user starts, follows and may cancel. */
export interface LongOperation<Result> {
  /** Text that says how far it is; undefined while none runs. */
  readonly progress: string | undefined;
  readonly result: Result | undefined;
  readonly failure: Failure | undefined;
  /** Starts it. What an earlier run found is gone. */
  readonly start: (work: (options: LongOperationOptions) => Promise<Result>) => Promise<void>;
  readonly cancel: () => void;
  /** Forgets what came of it. */
  readonly clear: () => void;
}

/**
 * Runs one long operation at a time, and keeps what came of it.
 * @param beginning - shown until it says how far it is
 */
export function useLongOperation<Result>(beginning: string = 'Checking…'): LongOperation<Result> {
  const running = useRef<AbortController>(undefined);
  const [progress, setProgress] = useState<string>();
  const [result, setResult] = useState<Result>();
  const [failure, setFailure] = useState<Failure>();
  const clear = (): void => {
    setResult(undefined);
    setFailure(undefined);
  };
  const start = async (work: (options: LongOperationOptions) => Promise<Result>): Promise<void> => {
    const controller = new AbortController();
    running.current = controller;
    setProgress(beginning);
    clear();
    try {
      const found = await work({
        signal: controller.signal,
        onProgress: ({ stage, done, unit }) => {
          // The worker's last progress message may arrive after its result.
          if (running.current === controller)
            setProgress(`${stage}: ${unit === 'bytes' ? formatBytes(done) : `${formatCount(done)} ${unit}`}`);
        },
      });
      if (running.current === controller) setResult(found);
    } catch (error) {
      if (!controller.signal.aborted) setFailure(reportDatabaseFailure(error));
    } finally {
      // One that was cancelled may end after the next has begun.
      if (running.current === controller) {
        running.current = undefined;
        setProgress(undefined);
      }
    }
  };
  return { progress, result, failure, start, cancel: () => running.current?.abort(), clear };
}
