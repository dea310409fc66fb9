/** Starts a browser download of bytes as a file. */
export function downloadFile(fileName: string, parts: BlobPart[], type: string): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download holds the blob once the click returns. The URL is revoked late, for browsers that still read it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
