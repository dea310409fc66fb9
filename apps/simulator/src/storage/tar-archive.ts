/** Makes archives in the format ustar (POSIX.1-1988), which every system unpacks. */

const BLOCK_BYTES = 512;

/** A file of an archive. */
export interface ArchivedFile {
  /** Path in the archive, in ASCII, with at most 100 characters. */
  readonly path: string;
  readonly content: Blob;
}

/** Puts files into an archive. The content is not copied into the memory of the page. */
export function tarArchive(files: readonly ArchivedFile[], modified: Date): Blob {
  const parts = files.flatMap(({ path, content }) => [
    headerOf(path, content.size, modified),
    content,
    new Uint8Array(-content.size & (BLOCK_BYTES - 1)),
  ]);
  return new Blob([...parts, new Uint8Array(2 * BLOCK_BYTES)], { type: 'application/x-tar' });
}

function headerOf(path: string, sizeBytes: number, modified: Date): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(BLOCK_BYTES);
  const write = (text: string, offset: number): void => header.set(new TextEncoder().encode(text), offset);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  write(path, 0);
  write(octal(0o600, 7), 100);
  write(octal(0, 7), 108);
  write(octal(0, 7), 116);
  write(octal(sizeBytes, 11), 124);
  write(octal(Math.floor(modified.getTime() / 1000), 11), 136);
  // The checksum is that of the header with spaces in its place.
  write(' '.repeat(8), 148);
  // A regular file.
  write('0', 156);
  write('ustar', 257);
  write('00', 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  write(`${octal(sum, 6)}\0 `, 148);
  return header;
}
