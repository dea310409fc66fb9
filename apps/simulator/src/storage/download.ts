/** Offers bytes to the person as a file. */
export function downloadFile(fileName: string, parts: BlobPart[], type: string): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // The download has taken hold of the blob when the click returns; the URL is needed no longer, but not revoked at once.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
