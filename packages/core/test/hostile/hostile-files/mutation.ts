/** Damage to a database file, as data. A seed makes it, a message can quote it and a named test can repeat it. */
import fc from 'fast-check';

/** One change of a file's bytes. Offsets are bytes; pages count from 0, modulo those of the file. */
export type Damage =
  | { readonly kind: 'flip'; readonly page: number; readonly offset: number; readonly bit: number }
  | {
      readonly kind: 'overwrite';
      readonly page: number;
      readonly offset: number;
      readonly bytes: readonly number[];
    }
  | { readonly kind: 'field'; readonly offset: number; readonly sizeBytes: number; readonly value: number }
  | { readonly kind: 'swap'; readonly page: number; readonly with: number }
  | { readonly kind: 'copy'; readonly page: number; readonly over: number }
  | { readonly kind: 'truncate'; readonly page: number; readonly offset: number }
  | { readonly kind: 'append'; readonly sizeBytes: number; readonly fill: number };

/** A file to try: the intact database it comes from, and its damage. */
export interface Mutation {
  readonly base: number;
  readonly damages: readonly Damage[];
}

/** The fields of the database header (https://www.sqlite.org/fileformat.html#the_database_header), by offset and size. */
const HEADER_FIELDS: readonly (readonly [offset: number, sizeBytes: number])[] = [
  [16, 2], // page size
  [18, 1], // write version
  [19, 1], // read version
  [20, 1], // reserved bytes a page
  [21, 1], // payload fractions
  [22, 1],
  [23, 1],
  [24, 4], // change counter
  [28, 4], // pages
  [32, 4], // first page of the freelist
  [36, 4], // pages in the freelist
  [40, 4], // schema cookie
  [44, 4], // schema format
  [48, 4], // cache size
  [52, 4], // largest root page, when vacuumed by itself
  [56, 4], // text encoding
  [60, 4], // user version
  [64, 4], // incremental vacuum
  [68, 4], // application id
  [92, 4], // version-valid-for
  [96, 4], // version of SQLite
];

/** Fields of a b-tree page's header, by offset in the page (100 more on page 0) and size. */
const PAGE_FIELDS: readonly (readonly [offset: number, sizeBytes: number])[] = [
  [0, 1], // kind
  [1, 2], // first free block
  [3, 2], // cells
  [5, 2], // start of the cells' content
  [7, 1], // fragmented bytes
  [8, 4], // right-most child, or the first cell pointers
];

const value: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 255, 256, 512, 513, 4095, 4096, 32_768, 65_535, 65_536, 65_537),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff),
  fc.nat(100),
  fc.nat(0xffff_ffff),
);

const page = fc.nat(200);
const offset = fc.oneof(fc.nat(120), fc.nat(4095));

const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('flip' as const), page, offset, bit: fc.nat(7) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('overwrite' as const),
      page,
      offset,
      bytes: fc.oneof(
        fc.array(fc.nat(255), { minLength: 1, maxLength: 64 }),
        fc
          .tuple(fc.constantFrom(0, 0xa5, 0xff), fc.constantFrom(1, 16, 512, 4096))
          .map(([fill, length]) => Array.from({ length }, () => fill)),
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...HEADER_FIELDS), value)
      .map(([[at, sizeBytes], given]) => ({ kind: 'field' as const, offset: at, sizeBytes, value: given })),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(page, fc.constantFrom(...PAGE_FIELDS), value)
      .map(([at, [inPage, sizeBytes], given]) => ({
        kind: 'overwrite' as const,
        page: at,
        offset: inPage,
        bytes: bigEndian(given, sizeBytes),
      })),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('swap' as const), page, with: page }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), page, over: page }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('truncate' as const),
      page,
      offset: fc.oneof(fc.nat(2), offset),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      sizeBytes: fc.nat(9000),
      fill: fc.nat(255),
    }),
  },
);

/** Makes the files to try. A seed always makes the same ones. */
export function mutationsOf(seed: number, count: number, bases: number): Mutation[] {
  const mutation = fc.record({
    base: fc.nat(bases - 1),
    damages: fc.array(damage, { minLength: 1, maxLength: 3, size: 'max' }),
  });
  // Unbiased: small numbers would mostly damage the first page, and the other pages would never be reached.
  return fc.sample(fc.noBias(mutation), { seed, numRuns: count });
}

/** Makes a damaged copy of a file. */
export function damaged(image: Uint8Array, damages: readonly Damage[]): Uint8Array {
  const pageSizeBytes = pageSizeOf(image);
  // Copied by `from`, because `slice` of a Node Buffer shares the memory of the original.
  let bytes: Uint8Array = Uint8Array.from(image);
  for (const one of damages) bytes = damagedOnce(bytes, one, pageSizeBytes);
  return bytes;
}

function damagedOnce(image: Uint8Array, done: Damage, pageSizeBytes: number): Uint8Array {
  const startOf = (number: number): number =>
    (number % Math.max(1, Math.floor(image.length / pageSizeBytes))) * pageSizeBytes;
  // The first page begins with the file's header; its own comes after that.
  const at = (number: number, inPage: number): number => {
    const start = startOf(number);
    return start + ((inPage + (start === 0 ? 100 : 0)) % pageSizeBytes);
  };
  switch (done.kind) {
    case 'flip': {
      const position = startOf(done.page) + (done.offset % pageSizeBytes);
      image[position] = (image[position] ?? 0) ^ (1 << done.bit);
      return image;
    }
    case 'overwrite':
      return put(image, at(done.page, done.offset), done.bytes);
    case 'field':
      return put(image, done.offset, bigEndian(done.value, done.sizeBytes));
    case 'swap': {
      const [first, second] = [startOf(done.page), startOf(done.with)];
      const kept = image.slice(first, first + pageSizeBytes);
      image.copyWithin(first, second, second + pageSizeBytes);
      image.set(kept.subarray(0, Math.max(0, image.length - second)), second);
      return image;
    }
    case 'copy': {
      const source = startOf(done.page);
      image.copyWithin(startOf(done.over), source, source + pageSizeBytes);
      return image;
    }
    case 'truncate':
      return image.slice(0, startOf(done.page) + (done.offset % pageSizeBytes));
    default: {
      const longer = new Uint8Array(image.length + done.sizeBytes).fill(done.fill);
      longer.set(image);
      return longer;
    }
  }
}

function put(image: Uint8Array, offsetBytes: number, bytes: readonly number[]): Uint8Array {
  image.set(bytes.slice(0, Math.max(0, image.length - offsetBytes)), Math.min(offsetBytes, image.length));
  return image;
}

function bigEndian(given: number, sizeBytes: number): number[] {
  return Array.from({ length: sizeBytes }, (_, index) => (given / 256 ** (sizeBytes - 1 - index)) & 0xff);
}

function pageSizeOf(image: Uint8Array): number {
  const stored = new DataView(image.buffer, image.byteOffset).getUint16(16);
  return stored === 1 ? 65_536 : stored;
}
