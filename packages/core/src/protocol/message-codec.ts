/**
 * Values as messages of bytes, for a connection that has no structured cloning. A message is the length of its text (32
 * bits, little-endian), the text, and the byte arrays that the text refers to by their place.
 */
import { parse, stringify } from 'devalue';

/** Bytes before the text: its length. */
const HEADER_BYTES = 4;

/** Name under which the text refers to a byte array. */
const BYTES = 'Bytes';

/**
 * Makes a message of a value.
 * @throws {Error} for a value that is no data: a function, an instance of a class; for a property named `__proto__`
 */
export function encodeMessage(value: unknown): Uint8Array {
  const attached: Uint8Array[] = [];
  let attachedBytes = 0;
  const text = stringify(value, {
    [BYTES]: (item: unknown) => {
      if (!(item instanceof Uint8Array)) return undefined;
      const place = [attachedBytes, item.byteLength];
      attached.push(item);
      attachedBytes += item.byteLength;
      return place;
    },
  });
  const encoded = new TextEncoder().encode(withEscapes(text));
  const message = new Uint8Array(HEADER_BYTES + encoded.byteLength + attachedBytes);
  new DataView(message.buffer).setUint32(0, encoded.byteLength, true);
  message.set(encoded, HEADER_BYTES);
  let at = HEADER_BYTES + encoded.byteLength;
  for (const bytes of attached) {
    message.set(bytes, at);
    at += bytes.byteLength;
  }
  return message;
}

/** UTF-8 has no half of a surrogate pair, which a text to be refused may hold. JSON has an escape for it. */
function withEscapes(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, (half) => String.raw`\u${half.charCodeAt(0).toString(16)}`);
}

/** Reads a message. @throws {Error} for bytes that are no message; nothing of them is used */
export function decodeMessage(message: Uint8Array): unknown {
  if (message.byteLength < HEADER_BYTES) throw new RangeError('The message ends before its text');
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const textEnd = HEADER_BYTES + view.getUint32(0, true);
  if (textEnd > message.byteLength) throw new RangeError('The message ends within its text');
  const text = new TextDecoder('utf-8', { fatal: true }).decode(message.subarray(HEADER_BYTES, textEnd));
  return parse(text, {
    [BYTES]: (place: unknown) => {
      const [start, length] = place as [number, number];
      const isInside =
        Number.isInteger(start) &&
        Number.isInteger(length) &&
        start >= 0 &&
        length >= 0 &&
        textEnd + start + length <= message.byteLength;
      if (!isInside) throw new RangeError('The message ends within its bytes');
      return message.slice(textEnd + start, textEnd + start + length);
    },
  });
}
