import { CommandFailure } from './failures.ts';

/**
 * All of standard input as text, byte for byte: a byte order mark is kept (the JSON check refuses it), bytes that are no
 * UTF-8 are refused instead of being replaced in silence.
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
