/** Asks for a passphrase on the terminal, without showing what is typed. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageError } from './failures.ts';
import { printable } from './output/printable.ts';

/** True when there is a terminal to ask at. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for the passphrase of a database that exists. @throws {UsageError} when none is given */
export async function askPassphrase(databasePath: string): Promise<string> {
  return ask(`Passphrase of ${databasePath}: `);
}

/** Asks twice for the passphrase of a new database. @throws {UsageError} when none is given, or two that differ */
export async function askNewPassphrase(databasePath: string): Promise<string> {
  const passphrase = await ask(`New passphrase of ${databasePath}: `);
  if ((await ask('The same again: ')) === passphrase) return passphrase;
  throw new UsageError('The passphrases differ', 'Nothing was created');
}

async function ask(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
  // Only now the terminal shows no typed characters.
  process.stderr.write(printable(question));
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.on('line', (line) => {
        if (line === '') reject(new UsageError('No passphrase was given', 'Nothing was done'));
        else resolve(line);
      });
      // The terminal sends no signal while its keys are read one by one.
      terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      terminal.on('close', () => reject(new UsageError('No passphrase was given', 'Nothing was done')));
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
