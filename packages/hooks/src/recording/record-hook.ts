import { readSync } from 'node:fs';
import { appendToSpool } from '../spool/spool-file.ts';
import { passTurnTo, takeTurn } from '../spool/drain-turn.ts';
import { eventOf, type EventOptions } from './hook-event.ts';

/** Options of {@link recordHook}. */
export interface RecordOptions extends EventOptions {
  readonly databasePath: string;
  /** Words after Node's name that drain the spool in a process of its own. */
  readonly drainer: readonly string[];
}

/** Largest payload that is read, in bytes. The rest of a larger one is left unread; its hash is that of the beginning. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/**
 * Records one event from standard input, and starts a process that stores it unless one runs. It prints nothing.
 * @throws Error when the event could not be written and is lost. Report it, and let the agent go on.
 */
export function recordHook({ databasePath, drainer, ...options }: RecordOptions): void {
  appendToSpool(databasePath, JSON.stringify(eventOf(readStandardInput(), options)));
  try {
    if (!takeTurn(databasePath, false)) return;
    // Most hooks start no process: they need not load this.
    const { spawn } = process.getBuiltinModule('node:child_process');
    const child = spawn(process.execPath, drainer, { detached: true, stdio: 'ignore' });
    child.on('error', () => undefined);
    child.unref();
    if (child.pid !== undefined) passTurnTo(databasePath, child.pid);
  } catch {
    // The event waits for the next hook or command.
  }
}

function readStandardInput(): string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  while (bytes < MAX_PAYLOAD_BYTES) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const read = readChunk(chunk);
    if (read === 0) break;
    chunks.push(chunk.subarray(0, read));
    bytes += read;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      // A pipe that does not block and has nothing yet.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
