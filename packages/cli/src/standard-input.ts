import { CommandFailure } from './failures.ts';

/**
 * Reads all of standard input as text, byte for byte. A byte order mark is kept (the JSON check refuses it).
 * @throws {CommandFailure} INVALID_JSON when a byte is not UTF-8, instead of replacing it silently
 */
export async function readStandardInput(stream: AsyncIterable<Uint8Array> = process.stdin): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new CommandFailure('INVALID_JSON', 'Standard input is not UTF-8', { cause });
  }
}
