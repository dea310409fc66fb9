import type { ImageImportOptions } from '../api/import.ts';
import type { LongOperationOptions, Progress } from '../api/persistence.ts';
import { checkFields, checkFunction, invalid } from './arguments.ts';

/**
 * Checks the options of a long operation and separates its callback from it: an error in the callback is reported as
 * uncaught and does not reach the operation.
 * @throws {PersistenceError} INVALID_ARGUMENT
 */
export function checkLongOperation<Options extends LongOperationOptions>(
  operation: string,
  options: Options,
): Options {
  const { onProgress, signal } = checkFields({ operation, name: 'options' }, options);
  // An AbortSignal of another window is none by `instanceof`.
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.throwIfAborted !== 'function') {
    throw invalid({ operation, name: 'signal' }, signal, 'an AbortSignal');
  }
  if (onProgress === undefined) return options;
  checkFunction({ operation, name: 'onProgress' }, onProgress);
  return { ...options, onProgress: separated(onProgress) };
}

/** Takes an image that is given without options. What is neither is taken for one, so that the error names it. */
export function imageOptions(given: unknown): ImageImportOptions {
  const isOptions = typeof given === 'object' && given !== null && !(given instanceof Uint8Array);
  return (isOptions ? given : { image: given }) as ImageImportOptions;
}

function separated(callback: (progress: Progress) => void): (progress: Progress) => void {
  return (progress) => {
    try {
      callback(progress);
    } catch (error) {
      // An error of a microtask is uncaught in Node, in pages and in workers alike.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
}
