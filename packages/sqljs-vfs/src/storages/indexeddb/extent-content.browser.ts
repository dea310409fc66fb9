/** The content of extents, as the browser stores it. */
import {
  BytesInMemory,
  type Extent,
  type ExtentContent,
  type ExtentFormat,
  joinParts,
  type NewExtent,
  sizeOf,
} from './extents.ts';
import type { ExtentRecord } from './layout.browser.ts';

/** The synchronous reader of Blobs, which only workers have. */
interface SynchronousReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

const { FileReaderSync } = globalThis as unknown as { FileReaderSync?: new () => SynchronousReader };

/** True where Blobs can be read synchronously, so that they need not be loaded whole. */
export const readsOnDemand: boolean = FileReaderSync !== undefined;

/** A Blob, read when needed. */
class BlobContent implements ExtentContent {
  readonly inMemory = false;
  readonly readCost = 'call';
  readonly blob: Blob;
  readonly #reader: SynchronousReader;

  constructor(blob: Blob, reader: SynchronousReader) {
    this.blob = blob;
    this.#reader = reader;
  }

  get sizeBytes(): number {
    return this.blob.size;
  }

  read(start: number, end: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#reader.readAsArrayBuffer(this.blob.slice(start, end)));
    assertSize(bytes.length, end - start);
    return bytes;
  }
}

/**
 * Makes a stored extent readable: loads its bytes where they cannot be read synchronously later.
 * @param known - an extent of the same index that the caller has: of the same version, its bytes are not loaded again
 * @throws {DOMException} NotReadableError when a part of it is lost
 */
export async function openExtent(
  { extentIndex, version, sizeBytes, content }: ExtentRecord,
  known?: Extent,
): Promise<Extent> {
  assertSize(content instanceof ArrayBuffer ? content.byteLength : content.size, sizeBytes);
  if (content instanceof ArrayBuffer) {
    return { extentIndex, version, content: new BytesInMemory(new Uint8Array(content)) };
  }
  if (FileReaderSync) {
    return { extentIndex, version, content: new BlobContent(content, new FileReaderSync()) };
  }
  const bytes =
    known?.version === version && known.content.inMemory
      ? known.content.read(0, sizeBytes)
      : new Uint8Array(await content.arrayBuffer());
  return { extentIndex, version, content: new BytesInMemory(bytes) };
}

/** A Blob that is stored, and not read before. */
class HeldContent implements ExtentContent {
  readonly inMemory = false;
  readonly readCost = 'call';
  readonly blob: Blob;

  constructor(blob: Blob) {
    this.blob = blob;
  }

  get sizeBytes(): number {
    return this.blob.size;
  }

  read(): never {
    throw new Error('an extent to store is not read');
  }
}

/** Moves the bytes of an extent to store into a Blob, which the browser may keep on the disk. */
export function inBlob(extent: NewExtent): NewExtent {
  const content = new HeldContent(new Blob([joinParts(extent)]));
  return { ...extent, parts: [{ content, start: 0, end: content.sizeBytes }] };
}

/** Makes the value to store. A Blob of slices is composed by the browser, which copies them without reading them here. */
export function recordOf(extent: NewExtent, format: ExtentFormat): ExtentRecord {
  const { extentIndex, version } = extent;
  const sizeBytes = sizeOf(extent);
  const content = format === 'ArrayBuffer' ? joinParts(extent).buffer : blobOf(extent);
  return { extentIndex, version, sizeBytes, content };
}

function blobOf(extent: NewExtent): Blob {
  const held = extent.parts.length === 1 && extent.parts[0];
  if (held && 'content' in held && held.content instanceof HeldContent) return held.content.blob;
  if (!FileReaderSync) return new Blob([joinParts(extent)]);
  const pieces = extent.parts.map((part) => {
    if (part instanceof Uint8Array) return part;
    const { blob } = part.content as { readonly blob?: Blob };
    return blob?.slice(part.start, part.end) ?? part.content.read(part.start, part.end);
  });
  const content = new Blob(pieces);
  assertSize(content.size, sizeOf(extent));
  waitUntilComposed(content, new FileReaderSync());
  return content;
}

/**
 * Reads one byte, which the browser answers when it has resolved all slices. A Blob that is stored before may end
 * Chromium (seen in 156: its own check that the size is known fails in WriteBlobToFile).
 */
function waitUntilComposed(blob: Blob, reader: SynchronousReader): void {
  assertSize(reader.readAsArrayBuffer(blob.slice(0, 1)).byteLength, Math.min(1, blob.size));
}

/** A part that is missing would otherwise be read as zeros, or move what follows it. */
function assertSize(sizeBytes: number, expectedBytes: number): void {
  if (sizeBytes === expectedBytes) return;
  throw new DOMException(`${sizeBytes} bytes instead of ${expectedBytes}`, 'NotReadableError');
}
