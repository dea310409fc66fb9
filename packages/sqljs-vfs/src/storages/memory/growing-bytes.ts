/** The bytes of one file, in a buffer that doubles as it grows. */
export class GrowingBytes {
  #buffer: Uint8Array = new Uint8Array(0);
  sizeBytes: number = 0;

  read(target: Uint8Array, offset: number): number {
    const available = this.#buffer.subarray(0, this.sizeBytes).subarray(offset, offset + target.length);
    target.set(available);
    return available.length;
  }

  write(source: Uint8Array, offset: number): void {
    const end = offset + source.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.#buffer.length * 2, 4096));
      grown.set(this.#buffer.subarray(0, this.sizeBytes));
      this.#buffer = grown;
    }
    this.#buffer.set(source, offset);
    this.sizeBytes = Math.max(this.sizeBytes, end);
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > this.sizeBytes) this.write(new Uint8Array(sizeBytes - this.sizeBytes), this.sizeBytes);
    this.#buffer.fill(0, sizeBytes, this.sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  /** The bytes without a copy; the next change may replace them. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.sizeBytes);
  }

  copy(): GrowingBytes {
    const copy = new GrowingBytes();
    copy.#buffer = this.#buffer.slice(0, this.sizeBytes);
    copy.sizeBytes = this.sizeBytes;
    return copy;
  }
}
